"""Why something about a group, its members or its rules is not taken: sentences for the words of the domain."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash
from flask_babel import LazyString, gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired

from smsapp.handlers.console import words
from smsapp.handlers.console.people import sentences
from smsapp.handlers.console.savings import terms
from smsapp.registry import Unfit
from smsapp.savings.money import francs

_NO_CARD = lazy_gettext("Nobody in the group has card %(value)s.")
_CHOOSE = lazy_gettext("Choose from the list.")
_NOT_AGAIN = lazy_gettext("Card %(value)s is named twice.")

SENTENCES: Mapping[tuple[str, str], LazyString] = {
    ("name", "empty"): lazy_gettext("Write the group’s name."),
    ("name", "taken"): lazy_gettext("There is a group called %(value)s at this health centre already."),
    ("name", "nothing"): lazy_gettext("Write her name: nobody whom you may see is known by this number."),
    ("name", "here already"): lazy_gettext("She is in this group already, with card %(value)s."),
    ("village", "too long"): lazy_gettext("Write at most %(value)s characters."),
    ("formed_on", "bounds"): lazy_gettext("Write the day on which the group was formed; it is not in the future."),
    ("every_days", "bounds"): lazy_gettext("Write a number of days from 1 to %(value)s."),
    ("facility_id", "needed"): lazy_gettext("Write the name of the health centre, or the number on its poster."),
    ("group", "closed"): lazy_gettext("This group is closed."),
    ("group", "no bookkeeper"): lazy_gettext(
        "Name a treasurer or a secretary first: without one nobody could keep the book of this cycle."
    ),
    ("group", "cycle open"): lazy_gettext("A cycle is open: the next one begins after its share-out."),
    ("card", "bounds"): lazy_gettext("Write the number of her card, from 1 to %(value)s."),
    ("card", "taken"): lazy_gettext("Card %(value)s belongs to somebody already, perhaps to one who left."),
    ("number", "held"): lazy_gettext(
        "Her first PIN was handed out: from now on her number is changed by phone, with her PIN and two officers."
    ),
    ("number", "witness"): lazy_gettext("Others without a phone have her as a witness: choose somebody else for them."),
    ("sex", "unknown"): _CHOOSE,
    ("kind", "unknown"): _CHOOSE,
    ("method", "bounds"): _CHOOSE,
    ("unit", "bounds"): _CHOOSE,
    ("witness", "unknown"): lazy_gettext("Nobody else in the group has card %(value)s."),
    ("witness", "no phone"): lazy_gettext("Card %(value)s has no phone either."),
    ("list", "format"): lazy_gettext("Write it as: 3; Bintou Traoré; 70 12 34 56. The number may be missing."),
    ("list", "nobody"): lazy_gettext("Write at least one member."),
    ("list", "too many"): lazy_gettext("At most %(value)s members at once."),
    ("pin", "given"): lazy_gettext("She has a PIN already. If she forgot it, her officers give her another by phone."),
    ("member", "left"): lazy_gettext("She has left the group."),
    ("member", "savings"): lazy_gettext("She still has savings of %(value)s in the group: they are paid out first."),
    ("member", "loans"): lazy_gettext("She still owes %(value)s of a loan."),
    ("member", "pot"): lazy_gettext("What she brought to the tontine and what she got still differ by %(value)s."),
    ("member", "office"): lazy_gettext("She is the group’s %(value)s: give this office to somebody else first."),
    ("member", "witness"): lazy_gettext("Card %(value)s, without a phone, has her as a witness: choose another first."),
    ("member", "turn"): lazy_gettext("She has a turn in the tontine’s open cycle: she can leave at its end."),
    ("since", "bounds"): lazy_gettext("Write a day between the group’s forming and today."),
    ("since", "before"): lazy_gettext("Whoever holds the office has it since %(value)s: it can not change before."),
    ("ends_on", "bounds"): lazy_gettext("Write a day after today, at most two years away."),
    ("share_value", "bounds"): lazy_gettext("Write an amount above 0."),
    ("most_shares", "bounds"): lazy_gettext("Write a number from 1 to 5."),
    ("loan_times", "bounds"): lazy_gettext("Write a number from 1 to 100."),
    ("loan_months", "bounds"): lazy_gettext("Write a number of months from 1 to 24."),
    ("charge", "bounds"): lazy_gettext("Write a percentage from 0 to 100, with one decimal at most."),
    ("order", "bounds"): lazy_gettext("Write the cards in the order of their turns: 3 1 2."),
    ("order", "format"): lazy_gettext("Write the cards in the order of their turns: 3 1 2."),
    ("order", "unknown"): _NO_CARD,
    ("order", "twice"): _NOT_AGAIN,
    ("order", "missing"): lazy_gettext("Card %(value)s has no turn."),
}
OFFICE: Mapping[str, LazyString] = {
    "unknown": _NO_CARD,
    "both": lazy_gettext("Card %(value)s can not hold this office beside the one above: it takes two persons."),
}
AMOUNT = lazy_gettext("Write an amount in whole francs, for example 500.")
MONEY = {"savings", "loans", "pot"}


def unfit(why: Unfit) -> str:
    """Why a field is not taken; a line of a list says which."""
    if why.why == "amount":
        return str(AMOUNT)
    said = SENTENCES.get((why.field, why.why))
    if said is None and why.field in terms.OFFICES:
        said = OFFICE.get(why.why)
    if said is None:
        return sentences.unfit(why)
    return str(said) % {"value": _value(why)} if "%(value)s" in str(said) else str(said)


def _value(why: Unfit) -> object:
    if why.field == "member" and why.why in MONEY and isinstance(why.value, int):
        return francs(why.value)
    if (why.field, why.why) == ("member", "office"):
        return words.call(terms.OFFICES, str(why.value))
    return why.value


def needed(field: str, why: str) -> list[InputRequired]:
    """A field that must be filled, and what is said where it is not."""
    return [InputRequired(SENTENCES[field, why])]


def tell(form: FlaskForm, why: Unfit) -> None:
    """Beside its field; what belongs to none stands above the page."""
    name = {"facility_id": "facility"}.get(why.field, why.field)
    if name in form:
        form[name].errors = [*form[name].errors, unfit(why)]
    else:
        flash(unfit(why), "bad")


def line(number: int, why: Unfit) -> str:
    return str(gettext("Line %(line)s: %(why)s", line=number, why=unfit(why)))
