"""What the simulator remembers, in Valkey: seen by every web process, bounded, gone after a day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

KEPT_SECONDS = 24 * 3600
KEPT_EVENTS = 300  # a phone
READ_AT_ONCE = 200

Event = dict[str, Any]


class Store:
    """One log of events for each phone: `mo`, `mt`, and `tick` for what became of either."""

    def __init__(self, redis_url: str) -> None:
        self.redis = redis.Redis.from_url(
            redis_url,
            decode_responses=True,
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
        )

    def add(self, events: Iterable[tuple[str, Event]]) -> None:
        with self.redis.pipeline(transaction=False) as pipe:
            for number, event in events:
                key = f"sim:phone:{number}"
                pipe.xadd(key, {"event": json.dumps(event)}, maxlen=KEPT_EVENTS, approximate=True)
                pipe.expire(key, KEPT_SECONDS)
            pipe.execute()

    def read(self, cursors: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """For each number the events after its cursor, and the cursor for the next time."""
        with self.redis.pipeline(transaction=False) as pipe:
            for number, cursor in cursors.items():
                after = f"({cursor}" if re.fullmatch(r"[0-9]{1,19}-[0-9]{1,19}", cursor) else "-"
                pipe.xrange(f"sim:phone:{number}", min=after, count=READ_AT_ONCE)
            found = pipe.execute()
        return {
            number: {"cursor": rows[-1][0] if rows else cursor, "events": [json.loads(row["event"]) for _, row in rows]}
            for (number, cursor), rows in zip(cursors.items(), found, strict=True)
        }
