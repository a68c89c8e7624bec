"""Every job that the queue may name. A name is a contract with the release before: it stays."""

from __future__ import annotations

from datetime import timedelta

from smsapp import broadcasts, conversations, figures, imports, messages, outbox, periodic, shuffling, staff
from smsapp.db import transaction
from smsapp.savings import reminders, requests
from smsapp.surveillance import alerting, training, weekly_told
from smsapp.surveillance.escalating import escalate
from smsapp.vaccines import cohorts, escalating, mondays, reminding, searching, waiting
from workers.current import runtime, stopping

HEAR_SECONDS = 1.0  # then what was said goes out before more is heard: an alert waits for no storm of texts
ROUNDS = 40  # of hearing and answering in one job


def deliver_replies() -> None:
    rt = runtime()
    rt.bell.started("deliver_replies")
    outbox.deliver(rt, "replies", stop=stopping.is_set)


def deliver_bulk() -> None:
    rt = runtime()
    rt.bell.started("deliver_bulk")
    if outbox.deliver(rt, "bulk", stop=stopping.is_set):
        rt.bell.ring("feed_broadcasts")  # there is room for more


def feed_broadcasts() -> None:
    rt = runtime()
    rt.bell.started("feed_broadcasts")
    broadcasts.feed(rt, stop=stopping.is_set)


def hear() -> None:
    rt = runtime()
    rt.bell.started("hear")
    for _ in range(ROUNDS):
        if stopping.is_set() or not conversations.hear_waiting(rt, HEAR_SECONDS):
            return
        outbox.deliver(rt, "replies", HEAR_SECONDS, stop=stopping.is_set)
    rt.bell.ring("hear")


def sweep() -> None:
    rt = runtime()
    rt.bell.started("sweep")
    outbox.sweep(rt)


def nudge() -> None:
    rt = runtime()
    rt.bell.started("nudge")
    conversations.nudge(rt)


def import_people() -> None:
    rt = runtime()
    rt.bell.started("import_people")
    imports.work(rt, stop=stopping.is_set)


def tidy() -> None:
    rt = runtime()
    rt.bell.started("tidy")
    with transaction(rt.sessions) as db:
        first = periodic.first(db, "tidy", timedelta(hours=1), rt.now())
        messages.forget_old(db, rt.now())
        imports.forget_old(db, rt.now())
        staff.forget_old(db, rt.now())
        broadcasts.forget_old(db, rt.now())
        requests.expire(db, rt)
        training.end_old(db, rt)
    if first:
        conversations.tidy(rt)
        shuffling.shuffle(rt)


def count_days() -> None:
    rt = runtime()
    rt.bell.started("count_days")
    figures.count_days(rt, stop=stopping.is_set)


def count_cohorts() -> None:
    rt = runtime()
    rt.bell.started("count_cohorts")
    cohorts.count(rt, stop=stopping.is_set)


def remind_loans() -> None:
    rt = runtime()
    rt.bell.started("remind_loans")
    reminders.remind(rt, stop=stopping.is_set)


def remind_families() -> None:
    rt = runtime()
    rt.bell.started("remind_families")
    reminding.remind(rt, stop=stopping.is_set)
    waiting.tell_all(rt, stop=stopping.is_set)


def seek_missed() -> None:
    rt = runtime()
    rt.bell.started("seek_missed")
    today = rt.local_now().date()
    searching.open_searches(rt, today, stop=stopping.is_set)
    escalating.escalate(rt, today)


def monday_lists() -> None:
    rt = runtime()
    rt.bell.started("monday_lists")
    mondays.monday_lists(rt, stop=stopping.is_set)


def weekly_reminders() -> None:
    rt = runtime()
    rt.bell.started("weekly_reminders")
    weekly_told.remind(rt, stop=stopping.is_set)
    weekly_told.tell_heads(rt, stop=stopping.is_set)


def escalate_alerts() -> None:
    rt = runtime()
    rt.bell.started("escalate_alerts")
    escalate(rt, rt.now(), stop=stopping.is_set)


def look_for_signals() -> None:
    rt = runtime()
    rt.bell.started("look_for_signals")
    alerting.look_all(rt, rt.local_now().date(), stop=stopping.is_set)
