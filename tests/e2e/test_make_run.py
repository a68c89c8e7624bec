"""`make run` in a copy of this checkout: says when it is ready, mends what dies, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.e2e.checkout import Checkout, copied, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


A_TEXT_HEARD = 'smsapp_hops_total{channel="sms",what="command help"} '


def text(service: Checkout, words: str) -> None:
    """A text message from a phone that nobody knows, as the gateway brings it."""
    form = {"from": "+22370000998", "to": "36223", "text": words, "id": "a-day-in-the-life"}
    urllib.request.urlopen(f"{service.url}/hooks/africastalking/dev/sms", urlencode(form).encode()).close()


def metrics(service: Checkout) -> str:
    with urllib.request.urlopen(f"{service.url}/metrics") as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    with copied() as copy:
        yield copy


def test_a_taken_port_is_one_line(checkout):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = checkout.once(PORT=str(port))
    assert done.returncode != 0
    [line, *make] = done.stderr.strip().splitlines()
    assert f"PORT {port} is taken" in line
    assert "make run" in line
    assert all("Error" in words for words in make)  # make's own last word


def test_wrong_settings_are_one_line(checkout):
    done = checkout.once(QUIET_HOURS="late", LANGUAGES=",")
    assert done.returncode != 0
    line = done.stderr.strip().splitlines()[0]
    assert "QUIET_HOURS" in line
    assert "LANGUAGES" in line


def test_a_day_in_the_life(service):
    assert service.answers()
    assert f"http://127.0.0.1:{service.port}/simulator" in service.said
    assert "people" in service.said  # the demonstration

    second = service.once(PORT=str(free_port()))
    assert second.returncode != 0
    assert "already runs" in second.stderr.splitlines()[0]

    kept = (service.folder / "var" / "run.env").read_text()
    assert "QUIET_HOURS='00:00-00:00'" in kept

    text(service, "AIDE")
    service.wait_for(lambda: A_TEXT_HEARD in metrics(service))

    for name, words in (("bulk", "workers.worker bulk"), ("web", "granian"), ("valkey", "valkey-server")):
        service.kill(words)
        service.wait_for(lambda name=name: f"{name} was killed by SIGKILL" in service.said)
        service.wait_for(lambda name=name: f"{name} runs again" in service.said)
    service.kill("bin/postgres -D")
    service.wait_for(lambda: "postgres runs again" in service.said)
    service.wait_for(service.answers)
    assert A_TEXT_HEARD in metrics(service)  # a worker heard it, and the web process that tells it is a new one


def test_killed_itself_it_leaves_nothing_and_begins_again(checkout):
    checkout.start(DEMO="0")
    began = time.monotonic()
    checkout.wait_until_ready()
    assert time.monotonic() - began < 30
    assert re.search(r"([1-9]\d*) new of \1 flows", checkout.said)
    checkout.the("-m runner").kill()
    checkout.run.wait(10)
    deadline = time.monotonic() + 30
    while checkout.processes() and time.monotonic() < deadline:
        time.sleep(0.3)
    assert checkout.processes() == []

    checkout.start(DEMO="0")
    checkout.wait_for(lambda: " 0 new of " in checkout.said)  # those of the first run are still there
    # In the middle of its start, and to make alone, as a script does it: make waits for us and tells us nothing.
    assert checkout.run
    checkout.run.send_signal(signal.SIGINT)
    checkout.run.wait(60)
    assert checkout.processes() == []
