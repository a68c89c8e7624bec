"""People: who owns which number, their language, roles, consent, and the topics that they left."""

from smsapp.people.consent import CONSENT_VERSION, EVERYTHING, declined, holder_consents, leave, left, rejoin, seal
from smsapp.people.holding import let_go, take
from smsapp.people.knowing import (
    LANGUAGE_OF,
    ROLES,
    STAFF_ROLES,
    Known,
    add,
    behind,
    choose_language,
    facility_of,
    join_group,
    language_of,
    languages_of,
    members,
    numbers_at,
)
from smsapp.people.tables import Consent, Group, Membership, Number, Person, Phone, Role, TopicLeft

__all__ = [
    "CONSENT_VERSION",
    "EVERYTHING",
    "LANGUAGE_OF",
    "ROLES",
    "STAFF_ROLES",
    "Consent",
    "Group",
    "Known",
    "Membership",
    "Number",
    "Person",
    "Phone",
    "Role",
    "TopicLeft",
    "add",
    "behind",
    "choose_language",
    "declined",
    "facility_of",
    "holder_consents",
    "join_group",
    "language_of",
    "languages_of",
    "leave",
    "left",
    "let_go",
    "members",
    "numbers_at",
    "rejoin",
    "seal",
    "take",
]
