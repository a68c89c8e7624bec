"""A small year through the real run and outbox; `python -m bench.year` does it with five thousand births."""

from __future__ import annotations

from tests import hands
from tests.year import World


def test_a_year_of_reminders_keeps_every_promise(live_rt):
    with hands.threads(live_rt, 2) as two:
        told = World(live_rt, two, births=80, days=100).run()
    assert told.wrong == []
    assert told.texts > 60
    assert told.doses > 150
    assert told.visits["told"] > 20
    assert told.not_sent["no_phone"]
    assert told.not_sent["outage"]
