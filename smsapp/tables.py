"""Every module that declares tables, so that the whole schema is known at once."""

from __future__ import annotations

from smsapp import messages, people, periodic, places, surveys
from smsapp.broadcasts import tables as broadcasts
from smsapp.conversations import tables as conversations
from smsapp.figures import tables as figures
from smsapp.imports import tables as imports
from smsapp.outbox import holds
from smsapp.registry import tables as registry
from smsapp.savings import book as savings_book
from smsapp.savings import tables as savings
from smsapp.staff import tables as staff
from smsapp.surveillance import tables as surveillance
from smsapp.vaccines import cohorts, promises
from smsapp.vaccines import tables as vaccines

ALL = (
    places,
    people,
    messages,
    periodic,
    surveys,
    conversations,
    staff,
    figures,
    broadcasts,
    holds,
    registry,
    imports,
    savings,
    savings_book,
    vaccines,
    promises,
    cohorts,
    surveillance,
)
