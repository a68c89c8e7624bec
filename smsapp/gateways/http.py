"""HTTP to a gateway: pooled connections, a total deadline, and the certainty of what went out."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from smsapp.gateways.base import Misconfigured, Rejected, SendError, Throttled, Unclear, Unreachable

TOTAL_SECONDS = 20.0  # requests' own time-outs start again with every byte that arrives
LONGEST_ANSWER = 1_000_000
LONGEST_WAIT = 24 * 3600.0  # a Retry-After beyond a day is somebody's mistake

# What an HTTP status of the whole request means. Any other 4xx is a refusal; all else may have been taken.
STATUSES: dict[int, type[SendError]] = {
    401: Misconfigured,
    402: Misconfigured,
    403: Misconfigured,
    407: Misconfigured,
    408: Unclear,
    429: Throttled,
    503: Throttled,
}


def refusal(status: int, words: str, headers: Mapping[str, str]) -> SendError:
    """The error that an answer other than 2xx stands for."""
    kind = STATUSES.get(status, Rejected if 400 <= status < 500 else Unclear)
    return kind(f"HTTP {status}: {' '.join(words.split())[:200]}", retry_after(headers.get("Retry-After", "")))


def retry_after(raw: str, now: datetime | None = None) -> float | None:
    """Seconds to wait, from a number of seconds or an HTTP date; None where it says nothing usable."""
    raw = raw.strip()
    if raw.isascii() and raw.isdigit():
        return min(float(raw[:9]), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(raw)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT)


class _Call:
    """One request under way in this thread: its deadline, and whether a byte of it was written."""

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.wrote = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._watch: threading.Timer | None = None

    def writes(self, to: socket.socket | None) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline passed before anything was written")
        self.wrote, self._socket = True, to
        if self._watch is None:
            self._watch = threading.Timer(left, self._cut)
            self._watch.daemon = True
            self._watch.start()

    def finish(self) -> None:
        if self._watch:
            self._watch.cancel()
        with self._lock:  # after this the socket may be another call's
            self._socket = None

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):  # closed already
                    # Not SSLSocket.shutdown: that would have the reader go on in clear.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_here = threading.local()


class _Plain(HTTPConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _here.call.writes(self.sock)
        super().send(data)


class _Secure(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _here.call.writes(self.sock)
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


class Client:
    """A pool of connections to one address, shared by threads and made anew in a forked child."""

    def __init__(self, address: str, connections: int, total: float = TOTAL_SECONDS) -> None:
        self._address, self._connections, self._total = address, connections, total
        self._session = self._open()
        _clients.add(self)

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = not is_loopback(self._address)  # a proxy can not reach our own machine
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(pool_connections=2, pool_maxsize=self._connections)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    def renew(self) -> None:
        """Leave the connections to the process that opened them."""
        self._session = self._open()

    def request(self, method: str, url: str, timeout: tuple[float, float], **what: Any) -> requests.Response:
        """The answer, whatever its status, with its body read; raises Unreachable, Unclear or Misconfigured."""
        call = _here.call = _Call(self._total)
        try:
            answer = self._session.request(method, url, timeout=timeout, allow_redirects=False, stream=True, **what)
            answer._content = _body(answer)
            return answer
        except (requests.RequestException, OSError, ValueError) as why:
            raise _failure(why, call.wrote) from why
        finally:
            call.finish()


_clients: WeakSet[Client] = WeakSet()


def _renew_all() -> None:
    for client in list(_clients):
        client.renew()


# A connection shared by two processes hands one's answers to the other.
os.register_at_fork(after_in_child=_renew_all)


def _body(answer: requests.Response) -> bytes:
    body = bytearray()
    for piece in answer.iter_content(65_536):
        body += piece
        if len(body) > LONGEST_ANSWER:
            answer.close()
            raise ValueError(f"an answer of more than {LONGEST_ANSWER} bytes")
    return bytes(body)


def _failure(why: Exception, wrote: bool) -> SendError:
    """What a network error means: all depends on whether the request had left."""
    words = f"{type(why).__name__}: {why}"[:300]
    if wrote:
        return Unclear(words)
    if isinstance(why, UnicodeError):  # a text or number that no request can carry
        return Rejected(words)
    if isinstance(why, ValueError) and not isinstance(why, OSError):  # a key or address that no request can carry
        return Misconfigured(words)
    return Unreachable(words)


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
