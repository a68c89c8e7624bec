"""Everything that happens by the clock, in one list. `python -m workers.schedule` rings for it."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.cron import CronJob, CronScheduler
from rq.exceptions import SchedulerNotFound, StopRequested

from smsapp import logs
from smsapp.config import BadSettings, Settings
from smsapp.queues import JOBS, Bell, brief


@dataclass(frozen=True)
class Every:
    """A job of `workers/jobs.py`, rung every so many seconds. It works out from the rows what is due."""

    seconds: int
    job: str


PERIODIC = (
    Every(5, "deliver_replies"),  # a first retry comes within ten seconds
    Every(5, "deliver_bulk"),
    Every(5, "feed_broadcasts"),
    Every(5, "hear"),
    Every(15, "sweep"),
    Every(15, "import_people"),  # what a worker that died left
    Every(30, "nudge"),
    Every(60, "escalate_alerts"),
    Every(3600, "tidy"),
    Every(300, "count_days"),
    Every(600, "count_cohorts"),
    Every(600, "remind_loans"),
    Every(3600, "remind_families"),
    Every(600, "seek_missed"),
    Every(1800, "look_for_signals"),
    Every(600, "monday_lists"),  # on Mondays from seven o'clock on
    Every(600, "weekly_reminders"),  # on Mondays around the deadline of weekly reports
)
AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class _Ring(CronJob):
    """RQ's own would put a pickled job on the queue whether or not one waits there."""

    def __init__(self, bell: Bell, every: Every) -> None:
        super().__init__(JOBS[every.job], func_name=f"workers.jobs.{every.job}", interval=every.seconds)
        self._bell, self._job = bell, every.job

    def enqueue(self, connection: Redis) -> None:  # type: ignore[override]
        self._bell.ring(self._job)


class Schedule(CronScheduler):
    """RQ's scheduler, ringing our bell, and alive however long Redis is away."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(connection=brief(settings.redis_url), logging_level="WARNING")
        bell = Bell(settings.redis_url)
        self._cron_jobs = [_Ring(bell, every) for every in PERIODIC]
        self.stopping = False

    def run(self) -> None:
        """Until a signal stops it."""
        while not self.stopping:
            try:
                self.start()  # type: ignore[no-untyped-call]
            except (RedisError, SchedulerNotFound) as why:  # the second: it came back empty as we took leave of it
                log.warning("schedule waits for redis", why=type(why).__name__)
                time.sleep(AGAIN_SECONDS)

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True
        # A second signal must not cut short the farewell to Redis.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise StopRequested


def main() -> None:
    logs.configure()
    try:
        settings = Settings.load()
    except BadSettings as why:
        sys.exit(str(why))
    with suppress(StopRequested):  # asked to stop while Redis is away
        Schedule(settings).run()


if __name__ == "__main__":
    main()
