"""The only bridge between flows and domains: facts that flows may read, effects that they may ask for.

A domain's are one module here, and one word in the list below.
"""

from smsapp.effects import (
    agreeing,
    asking,
    care,
    care_changing,
    care_contacts,
    care_doses,
    care_registering,
    care_registering_self,
    care_said,
    care_visits,
    care_wishes,
    own_book,
    phone,
    savings,
    savings_box,
    savings_loans,
    savings_meeting,
    savings_money,
    savings_share,
    savings_tontine,
)
from smsapp.effects.base import EFFECTS, FACTS, READS, Caller, Facts, effect, fact, run

__all__ = [
    "EFFECTS",
    "FACTS",
    "READS",
    "Caller",
    "Facts",
    "agreeing",
    "asking",
    "care",
    "care_changing",
    "care_contacts",
    "care_doses",
    "care_registering",
    "care_registering_self",
    "care_said",
    "care_visits",
    "care_wishes",
    "effect",
    "fact",
    "own_book",
    "phone",
    "run",
    "savings",
    "savings_box",
    "savings_loans",
    "savings_meeting",
    "savings_money",
    "savings_share",
    "savings_tontine",
]
