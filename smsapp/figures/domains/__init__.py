"""Every domain that has figures: one new file beside this one, and one line in the list."""

from __future__ import annotations

from smsapp.figures.domains.broadcasts import DOMAIN as BROADCASTS
from smsapp.figures.domains.imports import DOMAIN as IMPORTS
from smsapp.figures.domains.inbox import DOMAIN as INBOX
from smsapp.figures.domains.messages import DOMAIN as MESSAGES
from smsapp.figures.domains.people import DOMAIN as PEOPLE
from smsapp.figures.domains.savings import DOMAIN as SAVINGS
from smsapp.figures.domains.surveillance import DOMAIN as SURVEILLANCE
from smsapp.figures.domains.surveys import DOMAIN as SURVEYS
from smsapp.figures.domains.vaccines import DOMAIN as VACCINES
from smsapp.figures.shapes import Domain

Domains = tuple[Domain, ...]

ALL: Domains = (
    SURVEYS,
    MESSAGES,
    INBOX,
    BROADCASTS,
    IMPORTS,
    PEOPLE,
    SAVINGS,
    VACCINES,
    SURVEILLANCE,
)  # in the order of their cards and chores
