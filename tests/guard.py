"""No test talks to the outside: whatever looks for another machine fails the test, even where the code swallows it."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
NAMES = ("socket.getaddrinfo", "socket.gethostbyname")
HEARD = frozenset(EVENTS + NAMES)

attempts: list[str] = []


class Outside(Exception):
    """A test tried to reach another machine."""


def install() -> None:
    """For the life of this process: an audit hook sees what no patch would."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...], heard: frozenset[str] = HEARD) -> None:
    if event not in heard:  # nearly all of the many thousands that a test makes
        return
    if event in EVENTS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket
    else:
        host = arguments[0]
    if not is_here(host):
        attempts.append(f"{event} {host!r}")
        raise Outside(f"a test may only talk to this machine, not to {host!r}")


def is_here(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in {None, "", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
