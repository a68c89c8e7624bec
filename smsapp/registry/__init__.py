"""The register of people for the staff: finding, showing, editing, merging and forgetting them."""

from smsapp.registry.card import Card, Held, NotHere, alike, one
from smsapp.registry.editing import Facts, Unfit, add, add_number, change, make_main, note, remove_number
from smsapp.registry.forgetting import Forgotten, forget
from smsapp.registry.merging import merge
from smsapp.registry.search import Found, Wanted, count, people, places_called
from smsapp.registry.tables import PersonChange

__all__ = [
    "Card",
    "Facts",
    "Forgotten",
    "Found",
    "Held",
    "NotHere",
    "PersonChange",
    "Unfit",
    "Wanted",
    "add",
    "add_number",
    "alike",
    "change",
    "count",
    "forget",
    "make_main",
    "merge",
    "note",
    "one",
    "people",
    "places_called",
    "remove_number",
]
