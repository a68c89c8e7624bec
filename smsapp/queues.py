"""The queues of jobs, and the bell that says there is work. All truth is in the database."""

from __future__ import annotations

import time
from uuid import uuid4

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError, RedisError, TimeoutError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job

REPLIES, BULK = "replies", "bulk"
QUEUES = (REPLIES, BULK)

# Every job and its queue: what somebody waits for never stands behind a campaign.
JOBS = {
    "deliver_replies": REPLIES,
    "hear": REPLIES,
    "sweep": REPLIES,
    "nudge": REPLIES,
    "escalate_alerts": REPLIES,
    "deliver_bulk": BULK,
    "import_people": BULK,
    "feed_broadcasts": BULK,
    "tidy": BULK,
    "count_days": BULK,
    "count_cohorts": BULK,
    "remind_loans": BULK,
    "remind_families": BULK,
    "seek_missed": BULK,
    "monday_lists": BULK,
    "look_for_signals": BULK,
    "weekly_reminders": BULK,
}
JOB_SECONDS = 90
TURN_SECONDS = 30  # a job that was lost on its way stands for its work no longer than this
HUSH_SECONDS = 1.0  # after a failed ring: a callback must not wait for a queue that hangs, and not twice

log = structlog.get_logger(__name__)


class Bell:
    """Rings for a job: at most one of each waits, however often it is rung. The schedule rings for what is missed."""

    def __init__(self, redis_url: str) -> None:
        # One try and half a second: redis-py would retry a dead server for seconds by default.
        self._redis = Redis.from_url(
            redis_url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
        )
        self._queues = {name: Queue(name, connection=self._redis, serializer="json") for name in QUEUES}
        self._hush_until = 0.0

    def ring(self, job: str) -> None:
        """Have a worker do this job soon. Never fails for want of Redis."""
        queue = self._queues[JOBS[job]]
        if time.monotonic() < self._hush_until:
            return
        try:
            job_id = f"{job}-{self._turn(job)}"
            if self._redis.exists(Job.key_for(job_id)):
                return  # RQ would find that out too, with ten times the work
            queue.enqueue(
                f"workers.jobs.{job}",
                job_id=job_id,
                unique=True,
                ttl=2 * TURN_SECONDS,
                result_ttl=0,
                failure_ttl=600,
                job_timeout=JOB_SECONDS,
                description=job,
            )
        except DuplicateJobError:
            return  # it waits already, and will find this work too
        except RedisError as why:
            self._hush_until = time.monotonic() + HUSH_SECONDS
            log.warning("bell not rung", job=job, why=type(why).__name__)

    def started(self, job: str) -> None:
        """A job says this before it looks for work: whatever is rung for from here on needs another one.

        So a ring that finds the job waiting is never lost. The turn is a random word, not a counter: after
        Redis was emptied a counter would begin again and meet the ids of jobs that still run.
        """
        try:
            self._redis.delete(_turn_key(job))
        except RedisError as why:
            log.warning("bell not renewed", job=job, why=type(why).__name__)

    def depth(self) -> dict[str, int]:
        """How many jobs wait in each queue; empty when Redis does not answer."""
        try:
            return {name: queue.count for name, queue in self._queues.items()}
        except RedisError:
            return {}

    def trouble(self) -> str:
        """What is wrong with the queue's server, or nothing."""
        try:
            self._redis.ping()
        except RedisError as why:
            return f"{type(why).__name__}: {why}"
        return ""

    def _turn(self, job: str) -> str:
        key = _turn_key(job)
        if waiting := self._redis.get(key):
            return _word(waiting)
        fresh = uuid4().hex
        if self._redis.set(key, fresh, nx=True, ex=TURN_SECONDS):
            return fresh
        return _word(self._redis.get(key) or fresh)


def _turn_key(job: str) -> str:
    return f"smsapp:turn:{job}"


def _word(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw


def patient(redis_url: str) -> Redis:
    """For workers: a connection that outlives a restart of the server; without it RQ's worker ends."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=2,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=2, base=0.1), 60),
        retry_on_error=[ConnectionError, TimeoutError],
    )


def brief(redis_url: str) -> Redis:
    """For the schedule, which is itself the retry."""
    return Redis.from_url(
        redis_url, socket_connect_timeout=2, socket_timeout=5, retry=Retry(ExponentialBackoff(cap=1, base=0.1), 3)
    )
