"""Why something about a person is not taken: sentences for the words of the domain."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from smsapp.registry import Unfit

NUMBERS: Mapping[str, LazyString] = {
    "empty": lazy_gettext("Write a number."),
    "format": lazy_gettext("This is no phone number of this country. Write it as 70 12 34 56."),
    "letters": lazy_gettext("A number has no letters. Write it as 70 12 34 56."),
    "two numbers": lazy_gettext("These are two numbers. Add one after the other."),
    "short code": lazy_gettext("This is a short number of an operator."),
    "not mobile": lazy_gettext("This is not a mobile number: it can not get SMS."),
    "other country": lazy_gettext("This is a number of another country."),
    "hers already": lazy_gettext("This is her number already."),
    "too many": lazy_gettext("A person has at most %(value)s numbers."),
    "serves another": lazy_gettext(
        "This number mainly serves somebody of another place. Ask the programme to change that."
    ),
}
NAMES: Mapping[str, LazyString] = {
    "too long": lazy_gettext("Write at most %(value)s characters."),
    "nothing": lazy_gettext("Write a name or a number."),
    "changed meanwhile": lazy_gettext(
        "Somebody else has just changed this person. Look at what stands here now, then change it."
    ),
}
PLACES: Mapping[str, LazyString] = {
    "unknown": lazy_gettext("No health centre is called so. Write its name, or the number on its poster."),
    "ambiguous": lazy_gettext("Several health centres are called so. Write the number on the poster."),
    "not yours": lazy_gettext("This health centre is not one of yours."),
    "needed": lazy_gettext("Choose one of your health centres."),
}
OTHERS: Mapping[str, LazyString] = {"unknown": lazy_gettext("Choose from the list.")}
FIELDS = {"name": NAMES, "number": NUMBERS, "facility_id": PLACES}


def unfit(why: Unfit) -> str:
    """Why a form's field is not taken; a word that has no sentence yet stands for itself."""
    said = FIELDS.get(why.field, OTHERS).get(why.why)
    text = str(said) if said is not None else why.why
    return text % {"value": why.value} if "%(value)s" in text else text
