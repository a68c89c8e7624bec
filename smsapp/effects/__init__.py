"""The only bridge between flows and domains: facts that flows may read, effects that they may ask for.

A domain's are one module here, and one word in the list below.
"""

from smsapp.effects import asking, phone
from smsapp.effects.base import EFFECTS, FACTS, Caller, Facts, effect, fact, run

__all__ = ["EFFECTS", "FACTS", "Caller", "Facts", "asking", "effect", "fact", "phone", "run"]
