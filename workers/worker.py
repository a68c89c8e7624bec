"""A worker: does the jobs of one queue, each in a process forked for it. `python -m workers.worker replies|bulk`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

import rq
import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import StopRequested
from rq.job import Job

from smsapp import counters, db, logs
from smsapp.config import BadSettings, Settings
from smsapp.queues import QUEUES, patient
from workers import current
from workers import jobs as jobs  # imported before the fork, so that a job starts at once

# How long a worker listens on one connection: a server that vanished without a word is noticed after this.
LISTEN_SECONDS = 60
AGAIN_SECONDS = 2.0
PR_SET_PDEATHSIG = 1
# What RQ raises over a queue entry or a job's hash that holds anything: bytes that are no text, a date that is none.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)

log = structlog.get_logger(__name__)


class Worker(rq.Worker):
    """RQ's forking worker, whose work-horse ends in order: it finishes what it has begun and claims nothing more."""

    asked_to_stop = False  # of the class: while Redis refuses a new worker, the last one still hears the signals

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, rq.Queue] | None:
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except UNREADABLE:
                self._drop_what_was_popped()

    def clean_registries(self) -> None:
        try:
            super().clean_registries()  # type: ignore[no-untyped-call]
        except UNREADABLE:
            self._drop_what_was_popped()

    def _drop_what_was_popped(self) -> None:
        """Something in the queue is no job of ours, and RQ would stumble over it at every start.

        What is dropped with it are rings, and the schedule rings again.
        """
        log.exception("queue holds what is no job")
        self.connection.delete(*(queue.intermediate_queue_key for queue in self.queues))
        time.sleep(0.1)

    def handle_warm_shutdown_request(self) -> None:
        Worker.asked_to_stop = True
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def set_shutdown_requested_date(self) -> None:
        """Not told where Redis refuses at that moment; the worker ends in order all the same."""
        with suppress(RedisError):
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda signum, frame: current.stopping.set())
        _end_with_parent()
        counters.write_as(f"jobs-of-{os.getppid()}")  # one after the other


def _end_with_parent() -> None:
    """Ask to be told when the worker dies: an orphan would go on, and outlive the service."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(*queues: str) -> None:
    if len(queues) != 1 or queues[0] not in QUEUES:
        sys.exit(f"usage: python -m workers.worker {'|'.join(QUEUES)}")  # one queue: on two RQ may lose jobs
    [queue] = queues
    logs.configure()
    settings = Settings.load()
    rt = current.runtime()
    db.get_ready(rt.sessions)
    for gateway in rt.gateways.values():
        gateway.get_ready()
    connection = patient(settings.redis_url)
    with suppress(StopRequested):  # asked to stop while Redis refuses
        while not (Worker.asked_to_stop or _work(queue, connection)):
            log.warning("worker waits for redis", queue=queue)
            time.sleep(AGAIN_SECONDS)


def _work(queue: str, connection: Redis) -> bool:
    """Until somebody asks it to stop; False where Redis refuses: it is full, read-only, or wants a password."""
    worker = Worker(
        [queue],
        connection=connection,
        serializer="json",
        worker_ttl=LISTEN_SECONDS + 15,
        job_monitoring_interval=10,
        log_job_description=False,
    )
    worker.log_result_lifespan = False
    try:
        worker.work(with_scheduler=False, logging_level="WARNING")
    except RedisError as why:
        log.warning("redis refuses", queue=queue, why=f"{type(why).__name__}: {why}"[:200])
        with suppress(RedisError):
            worker.unsubscribe()  # type: ignore[no-untyped-call]
    return Worker.asked_to_stop


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BadSettings as why:
        sys.exit(str(why))
