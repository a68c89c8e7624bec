"""Satisfaction surveys: invitations, answers without names, and scores by facility and month."""

from __future__ import annotations

import hmac
import json
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from smsapp import outbox, people
from smsapp.db import Base, Work
from smsapp.flows.nodes import Ask, Flow
from smsapp.messages import Message
from smsapp.outbox import Draft
from smsapp.phones import may_send_to
from smsapp.places import Place
from smsapp.refusals import Refused
from smsapp.runtime import Runtime

TOPIC = "survey"
SMALL = 10  # under this many answers no rate is shown: unstable, and it could point at somebody
TURNS_A_MONTH = 5  # one number, one facility: enough for every visit, too few to fill a ballot box
INVITED_FOR = timedelta(days=14)  # how long an invitation tells which facility the answer is about
BEST, WORST = 1, 4
MINIMUM_ANSWERED = 0.5  # of the items, for a composite


class Response(Base):
    """One answered survey: facility and month, no name, no number, no time of day."""

    __tablename__ = "survey_responses"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    survey: Mapped[str]
    revision: Mapped[str]
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    month: Mapped[date]
    channel: Mapped[str]
    language: Mapped[str]
    answers: Mapped[dict[str, Any]]  # item -> 1..4 as she typed it, or null for "don't know"
    score: Mapped[float | None] = mapped_column(Numeric(5, 2, asdecimal=False))  # composite, 0..100
    fresh: Mapped[bool] = mapped_column(server_default=text("true"))  # not shuffled yet
    __table_args__ = (Index("ix_survey_responses_facility_month", "survey", "facility_id", "month"),)


class Turn(Base):
    """That a phone answered for a facility this month, and how often; not what, and not which phone."""

    __tablename__ = "survey_turns"
    who: Mapped[str] = mapped_column(primary_key=True)  # the number, sealed for this facility and month
    survey: Mapped[str] = mapped_column(primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("places.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    turns: Mapped[int]
    fresh: Mapped[bool] = mapped_column(server_default=text("true"))


def items(flow: Flow) -> list[Ask]:
    """The questions of a survey that are scored."""
    return [ask for ask in flow.asks if "item" in ask.meta]


def composite(flow: Flow, answers: Mapping[str, int | None]) -> float | None:
    """Mean of the answered items, 100 for the best and 0 for the worst; None if fewer than half were answered."""
    scores = [_good(ask, value) for ask in items(flow) if (value := answers.get(ask.name)) is not None]
    if len(scores) < MINIMUM_ANSWERED * len(items(flow)) or not scores:
        return None
    return round(sum(scores) / len(scores) * 100, 2)


def _good(ask: Ask, value: int) -> float:
    """1 for the best answer, 0 for the worst; a reverse item is best at 4."""
    place = (WORST - value) / (WORST - BEST)
    return 1 - place if "reverse" in ask.meta else place


_RECORD = """
    WITH booked AS (
        INSERT INTO survey_responses (id, survey, revision, facility_id, month, channel, language, answers, score)
        VALUES (%(id)s, %(survey)s, %(revision)s, %(facility)s, %(month)s, %(channel)s, %(language)s,
                CAST(%(answers)s AS jsonb), %(score)s)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    INSERT INTO survey_turns AS had (who, survey, facility_id, month, turns)
    SELECT %(who)s, %(survey)s, %(facility)s, %(month)s, 1 FROM booked
    ON CONFLICT (who, survey, facility_id, month) DO UPDATE SET turns = had.turns + 1, fresh = true
    RETURNING turns
"""


def record(
    work: Work,
    flow: Flow,
    *,
    key: str,
    number: str,
    secret: str,
    facility_id: int,
    answers: Mapping[str, Any],
    channel: str,
    language: str,
    today: date,
) -> None:
    """Book one survey, once per `key`, and that this number has answered; refused above five a month."""
    values = {ask.name: _value(answers.get(ask.name)) for ask in items(flow)}
    month = today.replace(day=1)
    turns = work.execute(
        _RECORD,
        {
            "id": uuid.uuid5(uuid.NAMESPACE_OID, key),
            "survey": flow.name,
            "revision": flow.revision,
            "facility": facility_id,
            "month": month,
            "channel": channel,
            "language": language,
            "answers": json.dumps(values),
            "score": composite(flow, values),
            "who": who(secret, number, flow.name, facility_id, month),
        },
    ).fetchone()
    if turns is not None and turns[0] > TURNS_A_MONTH:
        raise Refused("survey.often", final=True, most=TURNS_A_MONTH)


def who(secret: str, number: str, survey: str, facility_id: int, month: date) -> str:
    """A number that can be counted but not read, and not followed from one month or facility to the next."""
    told = f"turn\n{number}\n{survey}\n{facility_id}\n{month:%Y-%m}"
    return hmac.digest(secret.encode(), told.encode(), "sha256").hex()


def _value(answer: Any) -> int | None:
    return int(answer) if str(answer) in {"1", "2", "3", "4"} else None


@dataclass(frozen=True)
class Rate:
    """A percentage and the number of answers behind it; no percentage under ten."""

    n: int
    percent: float | None

    @classmethod
    def of(cls, part: float, n: int) -> Rate:
        return cls(n, round(100 * part / n, 1) if n >= SMALL else None)


@dataclass(frozen=True)
class Scores:
    """What a facility hears of one month: top-two-box per question, and the composite."""

    facility: str
    month: date
    n: int
    items: Mapping[str, Rate]
    composite: Rate


def results(db: Session, flow: Flow, facility_id: int) -> list[Scores]:
    """Scores of one facility, month by month, the oldest first."""
    whole = select(Response.month, func.count(), func.count(Response.score), func.sum(Response.score)).where(
        Response.survey == flow.name, Response.facility_id == facility_id
    )
    item = func.jsonb_each_text(Response.answers).table_valued("key", "value").lateral()
    by_item = (
        select(Response.month, item.c.key, item.c.value, func.count())
        .join(item, text("true"))
        .where(Response.survey == flow.name, Response.facility_id == facility_id, item.c.value.is_not(None))
        .group_by(Response.month, item.c.key, item.c.value)
    )
    counts: dict[tuple[date, str], dict[int, int]] = {}
    for month, key, value, n in db.execute(by_item):
        counts.setdefault((month, key), {})[int(value)] = n
    name = db.scalar(select(Place.name).where(Place.id == facility_id)) or ""
    return [
        Scores(
            name,
            month,
            n,
            {ask.name: _top_two(ask, counts.get((month, ask.name), {})) for ask in items(flow)},
            Rate.of((total or 0) / 100, scored),
        )
        for month, n, scored, total in db.execute(whole.group_by(Response.month).order_by(Response.month))
    ]


def _top_two(ask: Ask, counts: Mapping[int, int]) -> Rate:
    """Share of the two good answers: 1 and 2, or 3 and 4 for a reverse item."""
    good = (3, 4) if "reverse" in ask.meta else (1, 2)
    return Rate.of(sum(counts.get(value, 0) for value in good), sum(counts.values()))


@dataclass(frozen=True)
class Invited:
    """What became of each number: queued, or not and why."""

    queued: list[str]
    skipped: dict[str, str]  # number -> reason


def draw(numbers: Sequence[str], count: int, seed: int) -> list[str]:
    """A random draw that can be repeated: the same people and seed give the same numbers."""
    return random.Random(seed).sample(list(numbers), min(count, len(numbers)))


def invite(
    db: Session, rt: Runtime, flow: Flow, facility: Place, numbers: Sequence[str], use_by: datetime | None = None
) -> Invited:
    """Queue one invitation a number and month; who left the topic or declined is not asked again."""
    month = rt.local_now().date().replace(day=1)
    keys = {number: f"invite:{flow.name}:{facility.id}:{month:%Y-%m}:{number}" for number in dict.fromkeys(numbers)}
    skipped = _not_wanted(db, list(keys), rt.settings.secret_key)
    before = set(db.scalars(select(Message.key).where(Message.key.in_(keys.values()))))
    skipped |= {number: "already invited this month" for number, key in keys.items() if key in before}
    skipped |= {n: "no mobile number here" for n in keys if not may_send_to(n, {rt.settings.country})}
    spoken = people.languages_of(db, list(keys))
    wanted = [number for number in keys if number not in skipped]
    drafts = [
        Draft(
            number,
            _invitation(rt, flow, facility, spoken.get(number)),
            "invitation",
            spoken.get(number, rt.settings.language),
            key=keys[number],
            use_by=use_by,
            meta={"facility_id": facility.id},
        )
        for number in wanted
    ]
    outbox.post_many(db, rt, drafts)
    return Invited(wanted, skipped)


def invitations(db: Session, facility_id: int, state: str | None = None) -> Sequence[Message]:
    """Invitations of a facility, newest first."""
    chosen = select(Message).where(
        Message.kind == "invitation", Message.meta["facility_id"].as_integer() == facility_id
    )
    if state is not None:
        chosen = chosen.where(Message.status == state)
    return db.scalars(chosen.order_by(Message.created_at.desc(), Message.id.desc())).all()


def _invitation(rt: Runtime, flow: Flow, facility: Place, language: str | None) -> str:
    return rt.texts.say(
        language,
        f"invite.{flow.name}",
        facility=facility.name,
        short_code=rt.settings.short_code,
        service_code=rt.settings.service_code,
    )


def _not_wanted(db: Session, numbers: list[str], secret: str) -> dict[str, str]:
    left = {number for number, topic in people.left(db, numbers, secret) if topic in {TOPIC, people.EVERYTHING}}
    declined = people.declined(db, numbers, TOPIC)
    return dict.fromkeys(declined, "declined") | dict.fromkeys(left, "left by STOP")


_ABOUT = """
    (SELECT f.id, f.name FROM messages m JOIN places f ON f.id = CAST(m.meta ->> 'facility_id' AS integer)
     WHERE m.number = %(number)s AND m.created_at > %(since)s AND m.kind = 'invitation'
       AND m.status IN ('sent', 'delivered', 'unknown')
     ORDER BY m.created_at DESC LIMIT 1)
    UNION ALL
    (SELECT f.id, f.name FROM person_numbers n
     JOIN persons p ON p.id = n.person_id JOIN places f ON f.id = p.facility_id
     WHERE n.number = %(number)s ORDER BY n.main DESC, n.since, p.id LIMIT 1)
    LIMIT 1
"""


def about(work: Work, number: str, now: datetime) -> tuple[int, str] | None:
    """Which facility a survey from this number is about (id, name): the one that invited it lately, else its own."""
    row = work.execute(_ABOUT, {"number": number, "since": now - INVITED_FOR}).fetchone()
    return (row[0], row[1]) if row else None
