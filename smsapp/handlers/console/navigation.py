"""The way around: what stands in the menu, for those who may go there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import LazyString, lazy_gettext

from smsapp.handlers.console import guard


@dataclass(frozen=True)
class Item:
    """One line of the menu; `under` begins the names of all endpoints that belong to it."""

    endpoint: str
    under: str
    label: LazyString
    icon: str  # a symbol of static/console/icons.svg


ITEMS = (
    Item("console.home", "home", lazy_gettext("Home"), "home"),
    Item("console.people", "people", lazy_gettext("People"), "people"),
    Item("console.inbox", "inbox", lazy_gettext("Inbox"), "inbox"),
    Item("console.broadcasts", "broadcasts", lazy_gettext("Broadcasts"), "send"),
    Item("console.messages", "messages", lazy_gettext("Messages"), "list"),
    Item("console.children", "children", lazy_gettext("Children"), "child"),
    Item("console.surveillance", "surveillance", lazy_gettext("Surveillance"), "warn"),
    Item("console.savings", "savings", lazy_gettext("Savings groups"), "savings"),
    Item("console.indicators", "indicators", lazy_gettext("Indicators"), "list"),
    Item("console.places", "places", lazy_gettext("Places"), "place"),
    Item("console.accounts", "accounts", lazy_gettext("Staff"), "key"),
    Item("console.trail", "trail", lazy_gettext("Audit trail"), "trail"),
)


@dataclass(frozen=True)
class Shown:
    """A line of the menu on this page."""

    item: Item
    here: bool


def shown() -> list[Shown]:
    """What whoever is there may open; a section that is not there leaves no line."""
    now = (request.endpoint or "").removeprefix("console.")
    return [Shown(item, now.split("_")[0] == item.under) for item in ITEMS if guard.may(item.endpoint)]
