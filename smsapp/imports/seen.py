"""The rows of a file that were read so far: one that says the same again, or something else of the same person."""

from __future__ import annotations

from smsapp.roster import Entry, Problem, alike


class Seen:
    """Rows by their numbers, the first of each person."""

    def __init__(self) -> None:
        self._by_number: dict[str, list[Entry]] = {}

    def problem(self, entry: Entry) -> Problem | None:
        """Why this row can not be taken beside those before; else it is one of them from now on."""
        for number in entry.numbers:
            for other in self._by_number.get(number, ()):
                if not alike(other.name, entry.name):
                    continue
                if _opposed(other.facility_id, entry.facility_id) or _opposed(other.language, entry.language):
                    return Problem("phone", "contradicts", number, str(other.line))
                if _says_nothing_more(entry, other):
                    return Problem("phone", "twice", number, str(other.line))
        for number in entry.numbers:
            self._by_number.setdefault(number, []).append(entry)
        return None


def _opposed(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _says_nothing_more(entry: Entry, other: Entry) -> bool:
    return (
        entry.language in {None, other.language}
        and entry.facility_id in {None, other.facility_id}
        and set(entry.numbers) <= set(other.numbers)
        and set(entry.groups) <= set(other.groups)
        and set(entry.roles) <= set(other.roles)
    )
