"""The door to care: which worker a phone is, which files it reads for, and which menus it sees."""

from __future__ import annotations

from smsapp.effects.base import Caller, fact
from smsapp.refusals import Refused
from smsapp.vaccines import concerned, waiting, workers
from smsapp.vaccines.concerned import Concerned
from smsapp.vaccines.workers import Worker

YES, NO = "yes", ""


def said(yes: object) -> str:
    return YES if yes else NO


def some_worker(caller: Caller) -> Worker | None:
    """The worker who speaks from this phone, read once a hop."""
    if "worker" not in caller.memo:
        caller.memo["worker"] = workers.of_number(caller.db, caller.number)
    found: Worker | None = caller.memo["worker"]
    return found


def worker(caller: Caller) -> Worker:
    """The same; Refused, and the conversation ends, where nobody works from it."""
    found = some_worker(caller)
    if found is None:
        raise Refused("care.stranger", final=True)
    return found


def _concerned(caller: Caller) -> Concerned:
    if "care_concerned" not in caller.memo:
        caller.memo["care_concerned"] = concerned.of_number(caller.work, caller.number)
    found: Concerned = caller.memo["care_concerned"]
    return found


@fact("works_in_care")
def works_in_care(caller: Caller) -> str:
    """Does somebody with this number work for a centre?"""
    return said(_concerned(caller).works)


@fact("care_waits")
def care_waits(caller: Caller) -> str:
    """Does what a mother registered herself wait for the word of this phone's midwife?"""
    who = some_worker(caller) if _concerned(caller).confirms else None
    return said(who and who.confirms and waiting.anybody(caller.db, who.facility_id))


@fact("reads_care")
def reads_care(caller: Caller) -> str:
    """Does this phone read for some child or mother in care?"""
    return said(_concerned(caller).reads)


@fact("own_care")
def own_care(caller: Caller) -> str:
    """Does the mothers' menu concern this phone: it reads for a file, or nobody knows its holder as a worker?"""
    return said(is_family(caller) or _concerned(caller).unknown)


def is_family(caller: Caller) -> bool:
    """Whether this phone reads for a file, or a centre knows its holder as no worker."""
    return _concerned(caller).reads or _concerned(caller).served


@fact("care_unknown")
def care_unknown(caller: Caller) -> str:
    """Does no centre know whoever holds this phone?"""
    return said(_concerned(caller).unknown)


@fact("care_served")
def care_served(caller: Caller) -> str:
    """Does a centre know whoever holds this phone, and nobody as a worker?"""
    concerns = _concerned(caller)
    return said(concerns.served and not concerns.works)


@fact("care_centre")
def care_centre(caller: Caller) -> str:
    """The name of the worker's centre."""
    found = some_worker(caller)
    return found.facility if found else ""
