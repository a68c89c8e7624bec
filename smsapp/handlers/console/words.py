"""What the console calls the things it shows: statuses, kinds, roles, languages."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from smsapp.i18n import language_name as language_name

# Of messages; the tone is how it looks: good, bad, open or quiet.
STATUSES: Mapping[str, tuple[LazyString, str]] = {
    "queued": (lazy_gettext("queued"), "open"),
    "sending": (lazy_gettext("being sent"), "open"),
    "unknown": (lazy_gettext("unknown"), "warn"),
    "sent": (lazy_gettext("sent"), "quiet"),
    "delivered": (lazy_gettext("delivered"), "good"),
    "failed": (lazy_gettext("failed"), "bad"),
    "expired": (lazy_gettext("expired"), "bad"),
    "cancelled": (lazy_gettext("cancelled"), "quiet"),
    "received": (lazy_gettext("just arrived"), "open"),
    "heard": (lazy_gettext("understood"), "quiet"),
    "unheard": (lazy_gettext("for the staff"), "warn"),
    "rejected": (lazy_gettext("not usable"), "bad"),
}

KINDS: Mapping[str, LazyString] = {
    "reply": lazy_gettext("answer"),
    "unheard": lazy_gettext("answer to an unclear text"),
    "question": lazy_gettext("question of a survey"),
    "alert": lazy_gettext("alert"),
    "outbreak": lazy_gettext("outbreak alert"),
    "feedback": lazy_gettext("word to a worker on her report"),
    "weekly": lazy_gettext("Monday word on weekly reports"),
    "receipt": lazy_gettext("receipt"),
    "invitation": lazy_gettext("survey invitation"),
    "reminder": lazy_gettext("reminder"),
    "broadcast": lazy_gettext("broadcast"),
    "test": lazy_gettext("test of a broadcast"),
}

STAFF_ROLES: Mapping[str, LazyString] = {
    "administrator": lazy_gettext("Administrator"),
    "programme": lazy_gettext("Programme"),
    "facility": lazy_gettext("Facility"),
    "surveillance": lazy_gettext("Surveillance officer"),
    "viewer": lazy_gettext("Viewer"),
}

PEOPLE_ROLES: Mapping[str, LazyString] = {
    "mother": lazy_gettext("mother"),
    "asc": lazy_gettext("community health worker (ASC)"),
    "dtc": lazy_gettext("head of the CSCom (DTC)"),
    "midwife": lazy_gettext("midwife"),
    "officer": lazy_gettext("district surveillance officer"),
    "national": lazy_gettext("national surveillance officer"),
    "treasurer": lazy_gettext("treasurer"),
    "member": lazy_gettext("member of a savings group"),
}

TOPICS: Mapping[str, LazyString] = {
    "*": lazy_gettext("everything"),
    "survey": lazy_gettext("surveys"),
    "reminders": lazy_gettext("reminders"),
    "news": lazy_gettext("news"),
}

CHANNELS: Mapping[str, LazyString] = {
    "sms": lazy_gettext("SMS"),
    "ussd": lazy_gettext("USSD"),
    "staff": lazy_gettext("staff"),
    "import": lazy_gettext("import"),
}


def call(table: Mapping[str, LazyString], word: str | None) -> str:
    """What a word of the database is called; a word that has no name yet stands for itself."""
    return str(table.get(word or "", word or "–"))
