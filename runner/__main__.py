"""`make run`: the whole service in one terminal."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from honcho.environ import parse_procfile

from runner import records
from runner.alone import Busy, free_port, only_one
from runner.choices import Choices, choose, keep, reachable
from runner.output import Output
from runner.parts import Part, python
from runner.supervisor import SERVERS, Over, Supervisor
from smsapp.config import ROOT, RUN_ENV, BadSettings
from smsapp.embedded import CanNotRun, why_no_postgres, why_no_redis

WEB, WORKERS, SCHEDULE = 1, 2, 3
SERVERS_TIME = 20.0  # seconds for PostgreSQL to recover after a crash; one of your own shall answer by then, too
FIRST_ACCOUNT = ".venv/bin/flask --app wsgi staff add you@example.org --role administrator --name You"
DEMO_STAFF = ("admin@example.org", "coach@example.org", "agent.sotuba@example.org", "officer@example.org")
DEMO_PASSWORD = "demo-only-change-me"  # noqa: S105 - everybody may know it
TREASURER, HER_PIN = "+22370000201", "1234"  # of the demonstration, too
MOTHERS_SPEAK = (("fr", "French"), ("bm", "Bambara"))  # in turn, where the service does
WORKER_GRACE = 12.0  # a worker may be in the middle of a send


def main() -> int:
    (ROOT / "var").mkdir(exist_ok=True)
    try:
        lock = only_one(ROOT / "var" / "run.lock")
        if left := records.clean(ROOT / "var" / "parts.json"):
            print(f"Ended what an earlier run left behind: {', '.join(left)}.", flush=True)
        choices = choose(ROOT, os.environ)
        free_port(choices.settings.host, choices.settings.port)
        for server in choices.servers:
            server.prepare()
    except (BadSettings, Busy, CanNotRun) as why:
        print(why, file=sys.stderr)
        return 1
    return _supervise(choices, lock)


def _supervise(choices: Choices, lock: int) -> int:
    parts = [Part.of(server, ROOT) for server in choices.servers] + _service(choices)
    output = Output([part.name for part in parts])
    environ = {
        **os.environ,
        **choices.values,
        "GRANIAN_WORKERS": str(choices.settings.web_processes),
        "PROMETHEUS_MULTIPROC_DIR": _emptied(ROOT / "var" / "metrics"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }
    supervisor = Supervisor(ROOT, parts, output, environ, _ready(choices), lock)
    code, words = 0, ""
    try:
        _begin(supervisor, choices)
        while True:
            supervisor.look()
    except Over as over:
        code, words = over.code, str(over)
    if words:
        output.say(words)
    output.say("stopping")
    supervisor.stop()
    output.say("stopped")
    return code


def _emptied(folder: Path) -> str:
    """Where the parts of this run count together: what an earlier run counted is over with it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return str(folder)


def _service(choices: Choices) -> list[Part]:
    """The parts that the Procfile names, the bulk worker as often as WORKERS says."""
    stages = {"web": WEB, "replies": WORKERS, "bulk": WORKERS, "scheduler": SCHEDULE}
    parts = []
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        stage = stages.get(name, SCHEDULE)
        times = choices.settings.workers if name == "bulk" else 1
        for number in range(1, times + 1):
            title = f"{name}.{number}" if times > 1 else name
            worker = stage == WORKERS
            grace = WORKER_GRACE if worker else 5.0
            parts.append(Part(title, ["/bin/sh", "-c", command], ROOT, stage, grace=grace, lingers=worker))
    return parts


def _begin(supervisor: Supervisor, choices: Choices) -> None:
    supervisor.start_stage(SERVERS)
    _wait_for(supervisor, "DATABASE_URL", why_no_postgres, choices.values["DATABASE_URL"])
    _wait_for(supervisor, "REDIS_URL", why_no_redis, choices.values["REDIS_URL"])
    keep(RUN_ENV, choices.values)
    demo = ["--demo"] if choices.settings.demo and _embedded(choices) else []
    if supervisor.run("setup", python("-m", "runner.prepare", *demo)):
        raise Over(1, "The database is not set up: the last lines above say why. Everything stops.")
    for stage in (WEB, WORKERS, SCHEDULE):
        supervisor.start_stage(stage)
    local = f"http://{reachable(choices.settings.host)}:{choices.settings.port}"
    supervisor.wait_until(lambda: _says_ready(local), 60, lambda: f"{local}/readyz is not ready. Everything stops.")
    supervisor.output.block(closing_block(choices))


def _wait_for(supervisor: Supervisor, setting: str, why_not: Callable[[str], str | None], url: str) -> None:
    supervisor.wait_until(
        lambda: why_not(url) is None,
        SERVERS_TIME,
        lambda: f"{setting}: nothing answers ({why_not(url)}). Set it to a server that does. Everything stops.",
    )


def _embedded(choices: Choices) -> bool:
    return any(server.name == "postgres" for server in choices.servers)


def _ready(choices: Choices) -> Callable[[], bool]:
    return lambda: all(server.answers() for server in choices.servers)


def _says_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=3) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, ValueError, urllib.error.URLError):
        return False


def closing_block(choices: Choices) -> str:
    settings, line = choices.settings, "─" * 72
    hooks = f"{settings.public_url}/hooks/{settings.gateways[0]}/{settings.webhook_token}"
    rows = [line, f"  Ready: {settings.public_url}", *_staff_sign_in(settings.demo and _embedded(choices))]
    if settings.simulator:
        rows += [f"  Phones to try:   {settings.public_url}/simulator"]
    if settings.demo:
        first, second = (f" ({word})" * (code in settings.languages) for code, word in MOTHERS_SPEAK)
        rows += [f"  Numbers to be:   +22370000101{first}, +22370000102{second}, … +22370000120"]
    if settings.demo and _embedded(choices):
        rows += [f"  Treasurer to be: {TREASURER}, PIN {HER_PIN} (of the savings group Benkadi)"]
    rows += [
        f"  Dial:            {settings.service_code}",
        f"  Text to:         {settings.short_code}, for example AVIS",
        f"  Webhooks:        {hooks}/ussd  …/sms  …/delivery  …/ussd-end  …/opt-out",
        "  Commands:        .venv/bin/flask --app wsgi --help   (in a second terminal)",
        "  Stop:            Ctrl-C",
        line,
    ]
    return "\n".join(rows)


def _staff_sign_in(demo: bool) -> list[str]:
    if not demo:
        return [f"  Staff sign-in:   {FIRST_ACCOUNT}   (prints a link to a password)"]
    return [f"  Staff sign-in:   {', '.join(DEMO_STAFF)}", f"                   password {DEMO_PASSWORD}"]


if __name__ == "__main__":
    sys.exit(main())
