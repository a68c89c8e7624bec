"""What processes hold in memory from their start: each module that a request rarely needs comes with that request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent.parent
TELL = (
    "import json, sys; from babel import localedata;"
    " print(json.dumps([*sys.modules, *(f'locale {name}' for name in localedata._cache)]))"
)
WEB = f"import wsgi; {TELL}"
SIGNING_IN = """
from pathlib import Path
from smsapp import hashing

def held():
    words = Path("/proc/self/smaps_rollup").read_text().split()
    return int(words[words.index("Rss:") + 1])

kept = hashing.make("a password")
before = held()
for _ in range(3):
    assert hashing.check("a password", kept)
print(held() - before)
"""
WORKER = f"from workers import worker; worker._work = lambda *told: True; worker.main('bulk'); {TELL}"

TABLES = {"openpyxl"}
PICTURES = {"segno"}
PAINTING = {"rich", "pygments"}
DEMONSTRATION = {"smsapp.demo"}
SENDING = {"africastalking", "charset_normalizer", "requests", "urllib3"}
LOCALES = {"locale root", "locale fr", "locale bm", "locale en"}  # a megabyte each; the console's pages need theirs
UNUSED = TABLES | PICTURES | PAINTING | DEMONSTRATION | LOCALES


def loaded(code: str) -> set[str]:
    """The modules of a process that has come up as it does in service, and has nothing to do yet."""
    chosen = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "for this test only",
        "WEBHOOK_TOKEN": "dev",
        "AT_USERNAME": "sandbox",
        "AT_API_KEY": "simulator",
        "SIMULATOR": "1",
    }
    environ = {**os.environ, **chosen}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_a_web_server_holds_nothing_that_sends_or_that_few_pages_need():
    assert loaded(WEB) & (UNUSED | SENDING) == set()


def test_a_worker_holds_what_sends_before_it_forks_and_no_pages():
    held = loaded(WORKER)
    assert held >= SENDING
    assert held & (UNUSED | {"smsapp.app", "smsapp.handlers", "flask"}) == set()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_web_server_gives_back_what_a_password_took():
    web = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
    allocator = dict(word.split("=", 1) for word in web.split() if word.startswith("MALLOC_"))
    environ = {**os.environ, **allocator}
    ran = subprocess.run(
        [sys.executable, "-c", SIGNING_IN], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 4_000, f"{ran.stdout.strip()} kB more, of the 19,456 that a check works in"
