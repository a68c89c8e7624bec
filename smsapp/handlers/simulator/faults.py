"""Troubles that can be chosen: for the next so many requests, or until they are switched off."""

from __future__ import annotations

import json
from typing import Any

from smsapp.handlers.simulator.store import KEPT_SECONDS, Store

CHOSEN, LEFT = "sim:faults", "sim:left"

# Each trouble, with the value that it takes and what it is when nobody says.
FAULTS: dict[str, tuple[str, Any]] = {
    "latency": ("ms", 100),  # every answer takes this long
    "slow": ("ms", 12_000),  # the message is taken, the answer comes this late
    "401": ("", None),
    "429": ("retry_after", 5),
    "500": ("", None),
    "503": ("", None),
    "sender": ("", None),  # 201, no recipients, InvalidSenderId
    "balance": ("", None),  # 405 for every recipient
    "lost": ("", None),  # the message is taken, the line drops
    "reports": ("how", "doubled"),
    "blocked": ("numbers", []),  # 406
}
# Of these only the first that is on happens to a request; the others wait for their turn.
ONE_AT_A_TIME = ("401", "429", "500", "503", "sender", "balance", "lost")
REPORTS = ("normal", "doubled", "reversed", "before", "none", "failed")
LONGEST_MS, MOST_TIMES, MOST_NUMBERS = 60_000, 1_000_000, 100


class BadFault(Exception):
    """What is wrong with a wish, in one sentence."""


def choose(store: Store, wishes: object) -> None:
    """Switch troubles on or off; what is not named stays. Raises BadFault, and then nothing has changed."""
    if not isinstance(wishes, dict):
        raise BadFault("Expected an object: the name of a fault, and its value.")
    read = {name: _read(name, wish) for name, wish in wishes.items()}
    with store.redis.pipeline() as pipe:
        for name, fault in read.items():
            pipe.hdel(LEFT, name)
            if fault is None:
                pipe.hdel(CHOSEN, name)
                continue
            if fault["times"] is not None:
                pipe.hset(LEFT, name, fault["times"])
            pipe.hset(CHOSEN, name, json.dumps(fault))
        pipe.expire(CHOSEN, KEPT_SECONDS)
        pipe.expire(LEFT, KEPT_SECONDS)
        pipe.execute()


def clear(store: Store) -> None:
    store.redis.delete(CHOSEN, LEFT)


def chosen(store: Store) -> dict[str, dict[str, Any]]:
    """What is on now, with how many times are left (null: until it is switched off)."""
    left = store.redis.hgetall(LEFT)
    faults = _stored(store)
    for name, fault in faults.items():
        if fault["times"] is not None:
            fault["times"] = int(left.get(name, 0))
    return {name: fault for name, fault in faults.items() if fault["times"] is None or fault["times"] > 0}


def happening(store: Store) -> dict[str, Any]:
    """What happens to this request: fault and value. Counts it down."""
    faults = _stored(store)
    now: dict[str, Any] = {}
    for name in FAULTS:
        busy = name in ONE_AT_A_TIME and any(other in now for other in ONE_AT_A_TIME)
        if name in faults and not busy and _counts_down(store, name, faults[name]):
            now[name] = faults[name]["value"]
    return now


def _stored(store: Store) -> dict[str, dict[str, Any]]:
    return {str(name): json.loads(raw) for name, raw in store.redis.hgetall(CHOSEN).items()}


def _counts_down(store: Store, name: str, fault: dict[str, Any]) -> bool:
    """Whether it is still on; each request of every process counts once."""
    if fault["times"] is None:
        return True
    if int(store.redis.hincrby(LEFT, name, -1)) >= 0:
        return True
    store.redis.hdel(CHOSEN, name)
    return False


def _read(name: str, wish: object) -> dict[str, Any] | None:
    """`true`, a number or an object with `times` and the fault's own value; `false`, 0 or null: off."""
    if name not in FAULTS:
        raise BadFault(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
    if wish is None or wish is False or wish in (0, "normal", []):
        return None
    field, usual = FAULTS[name]
    if not isinstance(wish, dict):
        short = field if field in {"ms", "how", "numbers"} else "times"
        wish = {} if wish is True else {short: wish}
    if unknown := set(wish) - {"times", field}:
        raise BadFault(f"{name}: {', '.join(sorted(map(str, unknown)))} is nothing that it takes.")
    times = wish.get("times")
    if times is not None and not _whole(times, 1, MOST_TIMES):
        raise BadFault(f"{name}: times should be a whole number from 1 to {MOST_TIMES}, or null.")
    value = wish.get(field, usual)
    if not _fits(field, value):
        raise BadFault(f"{name}: {field} can not be {value!r}.")
    return {"times": times, "value": value}


def _fits(field: str, value: object) -> bool:
    if field == "ms":
        return _whole(value, 1, LONGEST_MS)
    if field == "retry_after":
        return _whole(value, 0, 86_400)
    if field == "how":
        return value in REPORTS
    if field == "numbers":
        return isinstance(value, list) and len(value) <= MOST_NUMBERS and all(isinstance(n, str) for n in value)
    return True


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
