"""What every gateway has in common: the words it brings in, and how a send can fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

Form = Mapping[str, str]  # one value a field, already decoded and cleaned


@dataclass(frozen=True)
class Hop:
    """One USSD request: `path` is everything typed in this session so far."""

    session_id: str
    number: str
    path: str
    service_code: str = ""
    network: str = ""


@dataclass(frozen=True)
class Inbound:
    """One SMS from a phone (MO)."""

    external_id: str
    number: str
    to: str
    text: str
    sent_at: datetime | None = None
    link_id: str = ""
    network: str = ""


@dataclass(frozen=True)
class Report:
    """The gateway's word on a message that we sent: `status` is one of ours, `reason` the gateway's own word."""

    external_id: str
    status: str  # "sent", "delivered", "failed", or "" for a word that we do not know
    reason: str = ""
    number: str = ""
    network: str = ""


@dataclass(frozen=True)
class SessionEnd:
    session_id: str
    number: str
    status: str
    duration_ms: int | None = None
    hops: int | None = None


@dataclass(frozen=True)
class OptOut:
    number: str
    sender_id: str


@dataclass(frozen=True)
class Taken:
    """The gateway took the message for this recipient."""

    external_id: str
    cost: Decimal | None = None
    currency: str = ""
    code: str = ""


class Unusable(Exception):
    """A callback that can never be used; its words go beside the stored row."""


class SendError(Exception):
    """A send that did not end well. The words are for staff."""

    retry = False  # sure that nothing went out: try again later?
    pause = False  # nothing will go out until a person acts: stop the whole gateway?
    unclear = False  # may it have gone out all the same?
    retry_after: float | None = None  # seconds, as the gateway asked

    def __init__(self, words: str, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Unreachable(SendError):
    """The request never reached the gateway: no address, refused, no connection in time."""

    retry = True


class Throttled(SendError):
    """The gateway asked us to wait (429, 503)."""

    retry = True


class Rejected(SendError):
    """The gateway will never take this message for this number."""


class OptedOut(Rejected):
    """The number's owner asked the gateway for silence."""


class Misconfigured(SendError):
    """Our account, key or balance: no message will pass until a person acts."""

    retry = True
    pause = True


class Unclear(SendError):
    """The request went out and no clear answer came: it may have been taken."""

    unclear = True


class Gateway(Protocol):
    """One provider. `read_*` raise Unusable; `send` raises SendError for a request that failed as a whole.

    `read_caller` is the number alone of a hop of which nothing else can be read.

    `get_ready` loads what only `send` needs: a worker calls it once, for the processes that it will fork.
    """

    name: str
    fields: Collection[str]  # names of the fields that its callbacks may carry
    recipients_per_request: int
    requests_at_once: int

    def read_hop(self, form: Form) -> Hop: ...
    def read_caller(self, form: Form) -> str: ...
    def read_inbound(self, form: Form) -> Inbound: ...
    def read_report(self, form: Form) -> Report: ...
    def read_session_end(self, form: Form) -> SessionEnd: ...
    def read_opt_out(self, form: Form) -> OptOut: ...
    def write_hop(self, text: str, end: bool) -> str: ...
    def get_ready(self) -> None: ...
    def send(self, text: str, numbers: Sequence[str]) -> dict[str, Taken | SendError]: ...
