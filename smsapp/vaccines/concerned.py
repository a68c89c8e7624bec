"""Which menus of care a phone sees: asked at every dial, in one statement."""

from __future__ import annotations

from dataclasses import dataclass, fields

from smsapp.db import Work
from smsapp.people import STAFF_ROLES

_CONCERNED = """
WITH held AS (
    SELECT p.id, p.facility_id,
        ARRAY(SELECT role::text FROM person_roles r WHERE r.person_id = p.id) AS roles
    FROM person_numbers n JOIN persons p ON p.id = n.person_id WHERE n.number = %(number)s
)
SELECT
    EXISTS (SELECT FROM held WHERE facility_id IS NOT NULL AND roles && ARRAY['asc', 'midwife', 'dtc']),
    EXISTS (SELECT FROM held WHERE facility_id IS NOT NULL AND roles && ARRAY['midwife', 'dtc']),
    EXISTS (SELECT FROM held WHERE facility_id IS NOT NULL AND NOT roles && ARRAY['asc', 'midwife', 'dtc', 'officer']),
    EXISTS (SELECT FROM held WHERE roles && %(staff)s::text[]),
    EXISTS (
        SELECT FROM children c, held h
        WHERE c.state = 'active' AND (c.carer_id = h.id OR c.carer_id IS NULL AND c.mother_id = h.id)
    ) OR EXISTS (
        SELECT FROM pregnancies q, held h WHERE q.mother_id = h.id
        AND (q.state = 'active' OR q.state = 'born' AND q.look_on IS NOT NULL)
    )
"""


@dataclass(frozen=True)
class Concerned:
    """`works` and `confirms` in some centre's care, `served` by some centre as a patient, `reads` for some file.

    `staff` has some role of the health service, wherever it is.
    """

    works: bool
    confirms: bool
    served: bool
    staff: bool
    reads: bool

    @property
    def unknown(self) -> bool:
        """No centre knows whoever holds this number: perhaps a mother who wants to be known."""
        return not (self.served or self.staff)


def of_number(work: Work, number: str) -> Concerned:
    row = work.execute(_CONCERNED, {"number": number, "staff": list(STAFF_ROLES)}).fetchone()
    return Concerned(*(bool(each) for each in row or [False] * len(fields(Concerned))))
