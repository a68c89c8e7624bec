"""What the console calls the things of savings groups: kinds, offices, entries of the book, rules."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

KINDS: Mapping[str, LazyString] = {
    "vsla": lazy_gettext("savings and loans"),
    "tontine": lazy_gettext("tontine"),
}
STATES: Mapping[str, LazyString] = {
    "dispute": lazy_gettext("with an open dispute"),
    "overdue": lazy_gettext("with an overdue loan"),
    "missed": lazy_gettext("that did not meet when due"),
    "closed": lazy_gettext("closed"),
}
OFFICES: Mapping[str, LazyString] = {
    "president": lazy_gettext("president"),
    "secretary": lazy_gettext("secretary"),
    "treasurer": lazy_gettext("treasurer"),
    "counter1": lazy_gettext("first money counter"),
    "counter2": lazy_gettext("second money counter"),
    "key1": lazy_gettext("holder of key 1"),
    "key2": lazy_gettext("holder of key 2"),
    "key3": lazy_gettext("holder of key 3"),
}
POSTINGS: Mapping[str, LazyString] = {
    "deposit": lazy_gettext("savings"),
    "withdrawal": lazy_gettext("withdrawal"),
    "social": lazy_gettext("social fund"),
    "social_use": lazy_gettext("help from the social fund"),
    "loan": lazy_gettext("loan"),
    "repayment": lazy_gettext("repayment"),
    "write_off": lazy_gettext("loan written off"),
    "fine": lazy_gettext("fine"),
    "expense": lazy_gettext("expense"),
    "outside": lazy_gettext("outside money"),
    "difference": lazy_gettext("difference in the count"),
    "round": lazy_gettext("contribution to the round"),
    "pot": lazy_gettext("pot handed over"),
    "opening": lazy_gettext("brought forward"),
    "reversal": lazy_gettext("reversal"),
    "share_out": lazy_gettext("share-out"),
}
METHODS: Mapping[str, LazyString] = {
    "standard": lazy_gettext("by shares"),
    "flat": lazy_gettext("equal profit for all"),
    "interest_returned": lazy_gettext("charges back to whoever paid them"),
}
REQUESTS: Mapping[str, LazyString] = {
    "loan": lazy_gettext("a loan"),
    "write_off": lazy_gettext("to write off a loan"),
    "cancel": lazy_gettext("to reverse an entry"),
    "number": lazy_gettext("to change a number"),
    "pin": lazy_gettext("a new PIN"),
    "share_out": lazy_gettext("the share-out"),
    "offices": lazy_gettext("other officers"),
    "dispute": lazy_gettext("to let a disputed entry stand"),
}
CHANNELS: Mapping[str, LazyString] = {
    "sms": lazy_gettext("SMS"),
    "ussd": lazy_gettext("USSD"),
}
# Of an expense, or of a use of the social fund.
CATEGORIES: Mapping[str, LazyString] = {
    "health": lazy_gettext("health"),
    "death": lazy_gettext("bereavement"),
    "school": lazy_gettext("school"),
    "cahier": lazy_gettext("notebook"),
    "transport": lazy_gettext("transport"),
    "soap": lazy_gettext("soap"),
    "other": lazy_gettext("other"),
}
# Why a fine was due, or why the box differed from the book; what somebody wrote herself stands for itself.
REASONS: Mapping[str, LazyString] = {
    "absent": lazy_gettext("absent"),
    "late": lazy_gettext("late"),
    "talking": lazy_gettext("talking"),
    "other": lazy_gettext("other"),
    "change": lazy_gettext("wrong change was given"),
    "forgotten": lazy_gettext("something was left out of the book"),
    "lost": lazy_gettext("money was lost"),
    "unknown": lazy_gettext("nobody knows why"),
}
DISPUTES: Mapping[str, LazyString] = {
    "open": lazy_gettext("open dispute"),
    "agreed": lazy_gettext("dispute ended: she agrees"),
    "reversed": lazy_gettext("dispute ended: reversed"),
    "kept": lazy_gettext("dispute ended: the officers let it stand"),
}
EVENTS: Mapping[str, LazyString] = {
    "booked": lazy_gettext("Entered in the book"),
    "told": lazy_gettext("Text sent"),
    "wrote": lazy_gettext("Text received"),
    "disputed": lazy_gettext("She says that it is not right (NON)"),
    "asked": lazy_gettext("An officer asks to reverse it"),
    "asked_to_keep": lazy_gettext("An officer asks to let it stand"),
    "yes": lazy_gettext("Another officer agrees"),
    "no": lazy_gettext("Another officer does not agree"),
    "reversed": lazy_gettext("Reversed"),
    "agreed": lazy_gettext("She agrees after all (OUI)"),
    "kept": lazy_gettext("The officers let it stand"),
}
