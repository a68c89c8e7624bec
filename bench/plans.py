"""Ten thousand plans of children of every age, with what they were given."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta

from smsapp.vaccines.planning import Child, plan
from smsapp.vaccines.schedule import of_country

PLANS = 10_000
TODAY = date(2026, 11, 22)
OLDEST = 900  # days


def measure() -> float:
    """Seconds for all of them, one after the other."""
    chance, schedule = random.Random(57), of_country("ML")
    told = []
    for _ in range(PLANS):
        born = TODAY - timedelta(days=chance.randrange(OLDEST))
        days = [dose.due.after(born) for dose in schedule.doses if dose.due and not dose.due_of]
        codes = [dose.code for dose in schedule.doses if dose.due and not dose.due_of]
        had = {code: day + timedelta(days=chance.randrange(40)) for code, day in zip(codes, days, strict=True)}
        given = {code: day for code, day in had.items() if day <= TODAY and chance.random() < 0.8}
        told.append((Child(born, chance.choice(("Sikasso", "Kadiolo")), "F"), given))
    began = time.perf_counter()
    for child, given in told:
        plan(schedule, child, given, TODAY)
    return time.perf_counter() - began
