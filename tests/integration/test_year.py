"""A small year through the real run and outbox; `python -m bench.year` does it with five thousand births."""

from __future__ import annotations

from tests.year import World


def test_a_year_of_reminders_keeps_every_promise(live_rt):
    told = World(live_rt, births=80, days=100).run()
    assert told.wrong == []
    assert told.texts > 60
    assert told.doses > 150
    assert told.visits["told"] > 20
    assert told.not_sent["no_phone"]
    assert told.not_sent["outage"]
