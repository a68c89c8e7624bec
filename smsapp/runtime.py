"""Everything outside the process, made in one place and passed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from smsapp import db, gateways, queues
from smsapp.config import Settings
from smsapp.flows.catalogue import Catalogue
from smsapp.gateways.base import Gateway
from smsapp.i18n import Texts


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime:
    """Settings and the few live things that the service talks to."""

    settings: Settings
    sessions: db.Sessions
    bell: queues.Bell
    gateways: Mapping[str, Gateway]
    texts: Texts
    flows: Catalogue
    now: Callable[[], datetime] = field(default=utc_now)

    def at(self, moment: datetime) -> Runtime:
        """The same service with its clock stopped at `moment`."""
        return replace(self, now=lambda: moment)

    def local_now(self) -> datetime:
        """Now, on the clock of the people served."""
        return self.now().astimezone(self.settings.timezone)


def build(settings: Settings, pool_size: int = 5) -> Runtime:
    """The runtime of one process."""
    texts = Texts.load(settings.languages)
    return Runtime(
        settings=settings,
        sessions=db.sessions(db.connect(settings.database_url, pool_size)),
        bell=queues.Bell(settings.redis_url),
        gateways=gateways.load(settings),
        texts=texts,
        flows=Catalogue.load(texts),
    )
