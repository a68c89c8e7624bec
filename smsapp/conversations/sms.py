"""Hearing a text message: a command, a keyword, an answer to the open question, or something for the staff."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from smsapp import inbox, outbox, people
from smsapp.conversations import asked, commands, opinions, tables
from smsapp.conversations.talk import MAIN, Reply, Talk, Unwound, twice_if_refused
from smsapp.conversations.ussd import RESUME_WITHIN
from smsapp.db import ask, work
from smsapp.flows import coded
from smsapp.flows.nodes import Flow
from smsapp.flows.state import State
from smsapp.messages import MO, Message
from smsapp.runtime import Runtime
from smsapp.words import Command, close_to, close_with_code, command, keyword

# Two machines that answer each other must fall silent; a person who sends keywords must not, and least of all a worker
# who tells of a whole session: of a text that is answered by nothing she would think that it was booked.
UNHEARD_AN_HOUR = 4
ANSWERS_AN_HOUR = 60
WORKERS_AN_HOUR = 600
STALE_ANSWER = 6  # characters: after a day, only something as short as an answer is taken for one
PIN_LENGTHS = (4, 6)  # digits alone that may be a secret code
GIVE_UP_AFTER = 3  # tries at a message that makes us fail
INSTEAD = "instead"  # a value of effects: of any form, or of the one that has been told these values

# The oldest of a number that nobody has in hand, else the oldest: so workers wait for each other at the end only.
_WAITING = """
    WITH waiting AS MATERIALIZED (
        SELECT id, number FROM messages
        WHERE direction = 'mo' AND status = 'received' AND id <> ALL (%(but)s::bigint[]) ORDER BY id LIMIT 50)
    SELECT id, number FROM waiting
    ORDER BY NOT pg_try_advisory_xact_lock_shared(hashtextextended(number, 0)), id LIMIT 1
"""
_OLDEST = (
    select(Message)
    .where(Message.number == bindparam("whose"), Message.direction == MO, Message.status == "received")
    .order_by(Message.id)
    .limit(1)
    .with_for_update()
)


def hear(rt: Runtime, number: str) -> str:
    """Take the oldest message of this number that waits, exactly once; the answer goes out by the outbox."""
    return twice_if_refused(partial(_hear, rt, number))


def _hear(rt: Runtime, number: str, unwound: Unwound | None) -> str:
    with work(rt.sessions) as one:
        db = one.session
        memory = tables.recall(one, number)
        row = _oldest(db, number)
        if row is None:
            return "repeat"
        talk = Talk(one, rt, number, "sms", memory, unwound)
        talk.caller.message_id = row.id
        what = _take(talk, row)
        row.status = "unheard" if what == "unheard" else "heard"
        inbox.heard(db, row, rt.now())
        return what


def waiting(rt: Runtime, but: Collection[int] = ()) -> tuple[int, str] | None:
    """A message that nobody has heard yet, none of those given, and its number: the next to hear."""
    row = ask(rt.sessions, _WAITING, {"but": list(but)})
    return (row[0], row[1]) if row else None


def fail(rt: Runtime, message_id: int) -> None:
    """Count a failure at this message; at the third the staff get it, and the sender a plain sentence."""
    with work(rt.sessions) as one:
        db = one.session
        number = db.scalar(select(Message.number).where(Message.id == message_id))
        if number is None:
            return
        memory = tables.recall(one, number)
        row = db.get(Message, message_id, with_for_update=True)
        if row is None or row.status != "received":
            return
        row.attempts += 1
        if row.attempts >= GIVE_UP_AFTER:
            row.status, row.reason = "unheard", "failed while it was heard"
            inbox.heard(db, row, rt.now())
            talk = Talk(one, rt, number, "sms", memory)
            _post(talk, row, talk.words("sorry"), "unheard")


def _oldest(db: Session, number: str) -> Message | None:
    """One number's messages are heard in the order they came, whichever job is first."""
    return db.scalar(_OLDEST, {"whose": number})


def _take(talk: Talk, row: Message) -> str:
    text = row.text or ""
    if (wanted := command(text)) and not (wanted.in_sentence and asked.any_words(talk)):
        return _obey(talk, row, wanted)
    if wanted := keyword(text, talk.flows.live):
        talk.put_reading_away()
        if longer := asked.named(talk, text, wanted.argument):
            return _claim(talk, row, longer, text)
        closed = _short(talk)
        before, talk.state = _beside(talk), None
        flow = talk.flows.live[wanted.argument]
        reply = talk.begin(flow.name, text.split() if flow.claims else wanted.rest)
        reply, opinion = opinions.besides(talk, flow, wanted.rest, reply)
        left = None if closed else _left(talk, before, wanted.argument, reply)
        _say(talk, row, reply, left, closed=closed if closed and closed.name != wanted.argument else None)
        return "unheard" if opinion else f"keyword {flow.name}"
    if talk.behind_pin and _like_a_pin(text):
        row.text = None
        code = talk.rt.settings.service_code
        _post(talk, row, talk.words("code_by_sms", service_code=code), "reply")
        return "code"
    taken = asked.taken(talk, text)
    if taken is None and (claiming := asked.claimed(talk, text)):
        return _claim(talk, row, claiming, text)
    if meant := close_with_code(text, talk.flows.live):
        return _misspelt(talk, row, text, meant)
    if taken:
        return _take_up(talk, row, taken)
    if _answers_question(talk, text):
        return _answer(talk, row, text)
    if meant := close_to(text, talk.flows.live):
        return _misspelt(talk, row, text, meant)
    _post(talk, row, f"{talk.words('unheard')}\n{commands.help_words(talk)}", "unheard")
    return "unheard"


def _beside(talk: Talk) -> State | None:
    """The open form that is open again once something else has been heard; a passing question is not."""
    return talk.state if talk.in_form and not (talk.flow and talk.flow.passing) else None


def _short(talk: Talk) -> Flow | None:
    """The open form that any keyword closes: what is typed next could be meant for either."""
    return talk.flow if talk.in_form and talk.flow and talk.flow.short else None


def _misspelt(talk: Talk, row: Message, text: str, meant: str) -> str:
    """The keyword that she seems to mean; what is open stays so."""
    _post(talk, row, talk.words("keyword.close", typed=text.split()[0][:15], meant=meant), "reply")
    return "misspelt"


def _take_up(talk: Talk, row: Message, taken: asked.Taken) -> str:
    """An answer to a message of ours, above the form that is open by SMS; a keypad's form waits beside it.

    What she says besides is read by a person.
    """
    talk.put_reading_away()
    before = None
    if not talk.takes_sms:
        before, talk.state = _beside(talk), None
    _say(talk, row, talk.ask_first(taken.flow.name, taken.words), before)
    more = coded.said_more(taken.flow, taken.words, talk.moment())
    return "unheard" if more else f"answer to {taken.flow.name}"


def _claim(talk: Talk, row: Message, flow: Flow, text: str) -> str:
    """Words of a domain without a keyword; what is open by SMS is asked again below the answer."""
    again = talk.takes_sms
    before, talk.state = _beside(talk), None
    reply = talk.begin(flow.name, text.split())
    _say(talk, row, reply, _left(talk, before, flow.name, reply), again=again)
    return f"claim {flow.claims}"


def _left(talk: Talk, before: State | None, flow: str, reply: Reply) -> State | None:
    """The form that was open, unless an effect said that these words stand in its place and it is of the same flow."""
    instead = reply.values.get(INSTEAD)
    if before is None or not instead or talk.flows.get(before.top.flow).name != flow:
        return before
    meant = instead if isinstance(instead, Mapping) else {}
    return before if any(before.top.told.get(name) != value for name, value in meant.items()) else None


def _answers_question(talk: Talk, text: str) -> bool:
    talk.put_reading_away()
    if not talk.takes_sms:
        return False
    heard_at = talk.memory.heard_at
    fresh = heard_at is not None and talk.rt.now() - heard_at <= RESUME_WITHIN
    return fresh or len(text) <= STALE_ANSWER


def _like_a_pin(text: str) -> bool:
    """Digits alone, whatever stands around them but a question mark in front: `?1004` asks about something."""
    if text.lstrip().startswith("?"):
        return False
    digits = text.strip(" .,;:!?*#\n")
    return digits.isdecimal() and PIN_LENGTHS[0] <= len(digits) <= PIN_LENGTHS[1]


def _answer(talk: Talk, row: Message, text: str) -> str:
    heard_at, flow = talk.memory.heard_at, talk.flow
    old = heard_at is None or talk.rt.now() - heard_at > RESUME_WITHIN
    if flow is not None and flow.anonymous:
        row.text, row.meta = None, {**row.meta, "answered": flow.name}
    if old and flow is not None and flow.name != "resume":
        _say(talk, row, talk.ask_first("resume"))
        return "resume?"
    reply = talk.say(text)
    if reply.has_problem and coded.is_sentence(text):  # a person reads it, and the question stays open
        row.text, row.meta = text, {}
        _remember(talk)
        _post(talk, row, f"{talk.words('kept')}\n{talk.sms(talk.show())}", "unheard")
        return "unheard"
    _say(talk, row, reply)
    return "answer"


def _obey(talk: Talk, row: Message, wanted: Command) -> str:
    """Done at once; where a sentence begins with STOP, a person reads it too."""
    _post(talk, row, commands.obey_by_sms(talk, wanted), "reply")
    if talk.turn != talk.memory.turn:
        _remember(talk)
    return "unheard" if wanted.in_sentence else f"command {wanted.name}"


def _say(
    talk: Talk,
    row: Message,
    reply: Reply,
    before: State | None = None,
    *,
    again: bool = False,
    closed: Flow | None = None,
) -> None:
    """The answer; where it ends the conversation she is in, the form that was open `before` it is open again.

    A form that is `closed` by it is told of: nothing was booked.
    """
    words = talk.sms(reply)
    if talk.flow is not None and talk.flow.name == MAIN:
        # The menu is for a keypad; by SMS its keywords do the same.
        talk.state = None
        words = "\n".join(filter(None, [talk.sms_lead(reply), "" if _taken(reply) else commands.help_words(talk)]))
    if again and before and not talk.state:
        talk.state = before
        words = f"{words}\n{talk.sms(talk.show())}"
    if closed:
        words = f"{_closed_words(talk, closed)}\n{words}"
    kind = "question" if talk.state else "reply"
    talk.state = talk.state or before
    _remember(talk)
    _post(talk, row, words, kind)


def _closed_words(talk: Talk, flow: Flow) -> str:
    """By the keyword of her language, else by the first that there is."""
    known = flow.keywords.get(talk.caller.language) or next(iter(flow.keywords.values()))
    return talk.words("keyword.closed", keyword=known[0])


def _taken(reply: Reply) -> bool:
    """Did this end an answer to a message of ours? Then it says all there is to say."""
    return reply.screen is not None and reply.screen.lead is not None and reply.screen.lead[0].takes is not None


def _remember(talk: Talk) -> None:
    tables.remember_sms(talk.work, talk.caller.number, talk.turn, talk.state, talk.rt.now())


def _works(talk: Talk) -> bool:
    return any({*one.roles} & {*people.STAFF_ROLES} for one in talk.caller.behind)


def _post(talk: Talk, row: Message, words: str, kind: str) -> None:
    """Answer, within the limits that keep two machines from talking for ever."""
    now = talk.rt.now()
    if kind == "unheard":
        allowed = outbox.answers_in_last_hour(talk.db, row.number, ["unheard"], now) < UNHEARD_AN_HOUR
    else:
        kinds = ["reply", "question"]
        answered = outbox.answers_in_last_hour(talk.db, row.number, kinds, now)
        allowed = answered < ANSWERS_AN_HOUR or (answered < WORKERS_AN_HOUR and _works(talk))
    if allowed or talk.caller.wrote:  # what was booked is told, however often
        outbox.post(
            talk.db,
            talk.rt,
            row.number,
            words,
            kind=kind,
            language=talk.caller.language,
            reply_to=row.id,
            key=f"answer:{row.id}",
        )
