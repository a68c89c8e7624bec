"""What the audit trail's entries are called: deeds, on whom or what, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, url_for
from flask_babel import LazyString, gettext, lazy_gettext

from smsapp.handlers.console import words
from smsapp.staff import audit

ACTIONS: Mapping[str, LazyString] = {
    "account.signed_in": lazy_gettext("signed in"),
    "account.signed_out": lazy_gettext("signed out"),
    "account.signed_out_everywhere": lazy_gettext("signed out everywhere"),
    "account.refused": lazy_gettext("wrong try at the door"),
    "account.paused": lazy_gettext("door shut for a while"),
    "account.invited": lazy_gettext("invited"),
    "account.link_made": lazy_gettext("made a link to a new password"),
    "account.password_chosen": lazy_gettext("chose a password by a link"),
    "account.password_changed": lazy_gettext("changed the password"),
    "account.factor_set": lazy_gettext("set up a second factor"),
    "account.factor_removed": lazy_gettext("removed the second factor"),
    "account.codes_renewed": lazy_gettext("made new recovery codes"),
    "account.changed": lazy_gettext("changed the account"),
    "account.closed": lazy_gettext("closed the account"),
    "account.opened": lazy_gettext("opened the account again"),
    "people.viewed": lazy_gettext("opened the person’s page"),
    "people.added": lazy_gettext("added the person"),
    "people.changed": lazy_gettext("changed the person"),
    "people.merged": lazy_gettext("merged two persons"),
    "people.access": lazy_gettext("gave out all that is kept of the person"),
    "people.forgotten": lazy_gettext("forgot the person"),
    "people.exported": lazy_gettext("exported people"),
    "people.uploaded": lazy_gettext("uploaded a list of people"),
    "people.imported": lazy_gettext("imported people"),
    "people.import_began": lazy_gettext("had the list imported"),
    "people.refused_cells": lazy_gettext("downloaded the refused cells of a list"),
    "people.import_cancelled": lazy_gettext("gave up the list"),
    "inbox.viewed": lazy_gettext("read the thread"),
    "inbox.replied": lazy_gettext("answered"),
    "inbox.assigned": lazy_gettext("assigned the thread"),
    "inbox.done": lazy_gettext("marked the thread done"),
    "inbox.reopened": lazy_gettext("opened the thread again"),
    "messages.viewed": lazy_gettext("read the message"),
    "messages.exported": lazy_gettext("exported messages"),
    "messages.settled": lazy_gettext("settled an unknown message"),
    "broadcasts.made": lazy_gettext("made a broadcast"),
    "broadcasts.changed": lazy_gettext("changed the broadcast"),
    "broadcasts.tested": lazy_gettext("sent a test"),
    "broadcasts.submitted": lazy_gettext("sent the broadcast off"),
    "broadcasts.withdrawn": lazy_gettext("took the broadcast back"),
    "broadcasts.approved": lazy_gettext("approved the broadcast"),
    "broadcasts.declined": lazy_gettext("declined the broadcast"),
    "broadcasts.paused": lazy_gettext("paused the broadcast"),
    "broadcasts.resumed": lazy_gettext("resumed the broadcast"),
    "broadcasts.cancelled": lazy_gettext("cancelled the broadcast"),
    "broadcasts.removed": lazy_gettext("removed the broadcast"),
    "broadcasts.repeated": lazy_gettext("sent the broadcast again to some"),
    "broadcasts.exported": lazy_gettext("exported the broadcast’s recipients"),
    "templates.kept": lazy_gettext("kept a template"),
    "templates.removed": lazy_gettext("removed a template"),
    "places.added": lazy_gettext("added the place"),
    "places.changed": lazy_gettext("changed the place"),
    "places.located": lazy_gettext("wrote down where places lie"),
    "places.counted": lazy_gettext("wrote down how many people live there"),
    "places.count_corrected": lazy_gettext("corrected how many people live there"),
    "places.exported": lazy_gettext("exported the scores"),
    "care.viewed": lazy_gettext("opened the child’s or mother’s file"),
    "care.exported": lazy_gettext("took the register of children along"),
    "care.registered": lazy_gettext("registered a child or a pregnancy"),
    "care.confirmed": lazy_gettext("confirmed the file"),
    "care.doses": lazy_gettext("wrote down doses"),
    "care.struck": lazy_gettext("struck out a dose"),
    "care.visit_struck": lazy_gettext("struck out a mother’s visit"),
    "care.session": lazy_gettext("saved a vaccination session"),
    "care.attended": lazy_gettext("wrote down a mother’s visit"),
    "care.corrected": lazy_gettext("put the file right"),
    "care.transferred": lazy_gettext("moved the file to another centre"),
    "care.found": lazy_gettext("told what became of a child"),
    "care.ended": lazy_gettext("closed the file"),
    "care.reopened": lazy_gettext("opened the file again"),
    "savings.viewed": lazy_gettext("read the savings group’s book"),
    "savings.exported": lazy_gettext("took the book of savings groups along"),
    "savings.founded": lazy_gettext("founded the savings group"),
    "savings.changed": lazy_gettext("changed the savings group"),
    "savings.members_added": lazy_gettext("added members to the savings group"),
    "savings.member_changed": lazy_gettext("changed a member of the savings group"),
    "savings.member_left": lazy_gettext("took a member off the savings group"),
    "savings.pins_given": lazy_gettext("made first PINs"),
    "savings.offices_asked": lazy_gettext("asked the group’s officers for other ones"),
    "savings.offices": lazy_gettext("changed the group’s officers"),
    "savings.cycle_begun": lazy_gettext("began a cycle with its rules"),
    "savings.assembly": lazy_gettext("took the assembly list along"),
    "savings.dispute_viewed": lazy_gettext("read the history of the dispute"),
    "surveillance.viewed": lazy_gettext("opened the alert"),
    "surveillance.verified": lazy_gettext("found the alert real"),
    "surveillance.dismissed": lazy_gettext("found the alert not real"),
    "surveillance.assessed": lazy_gettext("assessed the risk of the alert"),
    "surveillance.acted": lazy_gettext("wrote down an action of the response"),
    "surveillance.lab": lazy_gettext("wrote down a laboratory result"),
    "surveillance.closed": lazy_gettext("closed the alert"),
    "surveillance.kept": lazy_gettext("took a stranger’s signal for a case"),
    "surveillance.discarded": lazy_gettext("dismissed a stranger’s signal"),
    "surveillance.cases_viewed": lazy_gettext("read the list of cases"),
    "surveillance.cases_exported": lazy_gettext("took the list of cases along"),
    "surveillance.idsr_exported": lazy_gettext("took the week’s table along"),
    "surveillance.rule_kept": lazy_gettext("kept a rule that alerts"),
    "surveillance.rule_removed": lazy_gettext("removed a rule that alerts"),
    "surveillance.weeks_exported": lazy_gettext("took the weekly reports along"),
    "surveillance.silent_exported": lazy_gettext("took the silent villages along"),
    "surveillance.counts_exported": lazy_gettext("took numbers of cases along"),
    "charts.exported": lazy_gettext("exported the figures"),
}

# Of each kind of subject: what it is called, its page, and what the number is called in its address.
SUBJECTS: Mapping[str, tuple[LazyString, str, str]] = {
    "account": (lazy_gettext("Account"), "console.accounts_one", "account_id"),
    "person": (lazy_gettext("Person"), "console.people_one", "person_id"),
    "message": (lazy_gettext("Message"), "console.messages_one", "message_id"),
    "broadcast": (lazy_gettext("Broadcast"), "console.broadcasts_one", "broadcast_id"),
    "import": (lazy_gettext("Import"), "console.people_import_one", "import_id"),
    "template": (lazy_gettext("Template"), "console.broadcasts_template", "template_id"),
    "child": (lazy_gettext("Child"), "console.children_one", "child_id"),
    "pregnancy": (lazy_gettext("Pregnancy"), "console.children_pregnancy", "pregnancy_id"),
    "savings_group": (lazy_gettext("Savings group"), "console.savings_one", "group_id"),
    "savings_dispute": (lazy_gettext("Dispute"), "console.savings_dispute", "dispute_id"),
    "place": (lazy_gettext("Place"), "console.places_one", "place_id"),
    "alert": (lazy_gettext("Alert"), "console.surveillance_one", "alert_id"),
    "report": (lazy_gettext("Report of a case"), "", ""),
}

DETAILS: Mapping[str, LazyString] = {
    "doses": lazy_gettext("doses"),
    "children": lazy_gettext("children"),
    "day": lazy_gettext("day"),
    "state": lazy_gettext("state"),
    "age": lazy_gettext("age"),
    "role": lazy_gettext("role"),
    "places": lazy_gettext("places"),
    "name": lazy_gettext("name"),
    "email": lazy_gettext("e-mail"),
    "language": lazy_gettext("language"),
    "wrong": lazy_gettext("wrong was"),
    "closed": lazy_gettext("shut for"),
    "seconds": lazy_gettext("seconds"),
    "message": lazy_gettext("message"),
    "rows": lazy_gettext("rows"),
    "to": lazy_gettext("to"),
    "refused": lazy_gettext("refused"),
    "bytes": lazy_gettext("bytes"),
    "form": lazy_gettext("format"),
    "fields": lazy_gettext("fields"),
    "place": lazy_gettext("place"),
    "searched": lazy_gettext("by a name or number"),
    "added": lazy_gettext("added"),
    "changed": lazy_gettext("changed"),
    "numbers": lazy_gettext("numbers"),
    "messages": lazy_gettext("messages"),
    "other": lazy_gettext("the other one"),
    "planned": lazy_gettext("recipients"),
    "texts": lazy_gettext("texts"),
    "verdict": lazy_gettext("verdict"),
    "again": lazy_gettext("sent again as"),
    "done": lazy_gettext("done with it"),
    "by": lazy_gettext("by"),
    "card": lazy_gettext("card"),
    "cards": lazy_gettext("cards"),
    "kind": lazy_gettext("kind"),
    "share_value": lazy_gettext("value of a share"),
    "part": lazy_gettext("part"),
    "cycle": lazy_gettext("cycle"),
    "rule": lazy_gettext("rule"),
    "people": lazy_gettext("people"),
    "source": lazy_gettext("source"),
    "disease": lazy_gettext("disease"),
    "standing": lazy_gettext("state of the report"),
    "first": lazy_gettext("from"),
    "last": lazy_gettext("until"),
    "sex": lazy_gettext("sex"),
    "lab": lazy_gettext("laboratory"),
    "week": lazy_gettext("week"),
    "quarter": lazy_gettext("quarter"),
}

VALUES: Mapping[str, LazyString] = {
    **words.STAFF_ROLES,
    "password": lazy_gettext("the password"),
    "code": lazy_gettext("the code"),
    "address": lazy_gettext("the connection"),
    "account": lazy_gettext("the account"),
    "book": lazy_gettext("the book"),
    "print": lazy_gettext("on paper"),
}


def actor(who: str) -> str:
    """Who did it, as the name was then."""
    if who == audit.NOBODY:
        return str(gettext("somebody at the door"))
    return str(gettext("command line")) if who == audit.COMMAND_LINE else who


def subject(said: str, names: Mapping[str, str]) -> str:
    """`person:12` in words; by name where it is known."""
    if said in names:
        return names[said]
    kind, _, number = said.partition(":")
    return f"{words.call({k: v[0] for k, v in SUBJECTS.items()}, kind)} {number}" if number else said


def page(said: str) -> str | None:
    """Where more is told of it, if there is such a page."""
    kind, _, number = said.partition(":")
    _, endpoint, name = SUBJECTS.get(kind, ("", "", ""))
    if endpoint not in current_app.view_functions or not number.isdecimal():
        return None
    values: dict[str, Any] = {name: int(number)}
    return url_for(endpoint, **values)


def details(told: Mapping[str, Any]) -> list[str]:
    """Each as `name: value`, or from what to what."""
    shown = {words.call(DETAILS, name): _value(value) for name, value in told.items() if value not in (None, "")}
    return [str(gettext("%(name)s: %(value)s", name=name, value=value)) for name, value in shown.items()]


def _value(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and value[0] != value[1]:
        return f"{_value(value[0])} → {_value(value[1])}"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "–"
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    return str(VALUES.get(value, value)) if isinstance(value, str) else str(value)
