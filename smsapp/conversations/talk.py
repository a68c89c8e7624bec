"""One person's turn: her words through the engine, the effects in the same transaction, the screen that follows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from smsapp import effects
from smsapp.conversations import commands
from smsapp.conversations.tables import Memory, Revisions
from smsapp.db import Work, twice_if_deadlocked
from smsapp.flows import engine, render
from smsapp.flows.catalogue import UnknownRevision
from smsapp.flows.expressions import Expression
from smsapp.flows.nodes import Ask, Flow
from smsapp.flows.state import Frame, LimitReached, Moment, Problem, Screen, State, Step
from smsapp.refusals import Refused
from smsapp.runtime import Runtime
from smsapp.words import Command, command

Answer = TypeVar("Answer")

MAIN = "main"
RESUME = "resume"
MAX_WALK = 20  # answers taken from one path at once


@dataclass(frozen=True)
class Reply:
    """What to say back: a screen, or words of the service itself."""

    screen: Screen | None = None
    words: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ends(self) -> bool:
        return self.screen is None or self.screen.end

    @property
    def has_problem(self) -> bool:
        return self.screen is not None and self.screen.problem is not None


class Unwound(Exception):
    """An effect refused: the transaction is rolled back, and the same words are heard again to say so.

    Refusals are rare, and a savepoint around the effects of every hop would cost each of them two round trips.
    """

    def __init__(self, refused: Refused, at: int) -> None:
        super().__init__(refused.key)
        self.refused = refused
        self.at = at  # which step's effects, counted in one utterance


def twice_if_refused(hear: Callable[[Unwound | None], Answer]) -> Answer:
    """Hear; where an effect refuses, hear again in a new transaction that tells of the refusal."""
    try:
        return twice_if_deadlocked(partial(hear, None))
    except Unwound as no:
        return twice_if_deadlocked(partial(hear, no))


class Talk:
    """A number's conversation during one transaction."""

    def __init__(
        self, work: Work, rt: Runtime, number: str, channel: str, memory: Memory, unwound: Unwound | None = None
    ) -> None:
        self.work, self.rt, self.memory, self.unwound = work, rt, memory, unwound
        self.flows = Revisions(lambda: work.session, rt.flows)
        language = memory.language if memory.language in rt.settings.languages else None
        self.caller = effects.Caller(work, rt, number, channel, language or rt.settings.language)
        self.facts = effects.Facts(self.caller)
        self.state = State.from_json(memory.state) if memory.state else None
        self.turn = memory.turn
        self.effects_run = 0

    @property
    def db(self) -> Session:
        return self.work.session

    # What she can say

    def begin(self, name: str = MAIN, words: Sequence[str] = ()) -> Reply:
        self.turn += 1
        return self._go(lambda: engine.begin(self.flows, name, self.facts, self.moment(), words))

    def show(self) -> Reply:
        """Where she stands, again."""
        state = self.state
        if state is None:
            return self.begin()
        return self._go(lambda: engine.show(self.flows, state, self.facts, self.moment()))

    def ask_first(self, name: str, words: Sequence[str] = ()) -> Reply:
        """Ask something else before she goes on."""
        state = self.state
        if state is None:
            return self.begin(name, words) if words else self.begin()
        self.turn += 1
        return self._go(lambda: engine.push(self.flows, state, name, self.facts, self.moment(), words))

    def go_on(self, *, old: bool) -> Reply:
        """A new session where a form was left open: is it still wanted after a long silence, and who is it?"""
        self.put_reading_away()
        names = [flow.name for flow in self.open_flows()]
        guard = next((flow.guard for flow in self.open_flows() if flow.guard), "")
        reply = self.ask_first(guard) if guard and guard not in names else self.show()
        return self.ask_first(RESUME) if old and RESUME not in names else reply

    def say(self, text: str) -> Reply:
        """Her answer to the screen that she sees."""
        state = self.state
        if state is None:
            return self.begin()
        self.turn += 1
        return self._go(lambda: engine.advance(self.flows, state, text, self.facts, self.moment()))

    def walk(self, answers: Sequence[str]) -> Reply:
        """Several answers in a row, as far as they fit."""
        reply = self.show()
        for text in answers[:MAX_WALK]:
            wanted = command(text)
            reply = self.heed(wanted) if wanted and not wanted.in_sentence else self.say(text)
            if reply.ends or reply.has_problem:
                break
        return reply

    def heed(self, wanted: Command) -> Reply:
        """A command in a session: help is read above the open question, a language changes it, the others end it."""
        if wanted.name == "help":
            return self.ask_first("help")
        said = commands.obey(self, wanted)
        if wanted.name == "language" and wanted.argument:
            return self.show()
        return Reply(words=said)

    # How it is said

    def words(self, key: str, **values: object) -> str:
        return self.rt.texts.say(self.caller.language, key, **values)

    def ussd(self, reply: Reply) -> str:
        if reply.screen is None:
            return render.plain(reply.words)
        screen = replace(reply.screen, mark=mark) if (mark := self._mark(reply.screen)) else reply.screen
        page, pages = render.ussd_page(screen, self.caller.language, self.words, reply.values)
        if self.state and max(self.state.top.pages, 1) != pages:
            self.state = self.state.with_top(replace(self.state.top, pages=pages))
        return page

    def _mark(self, screen: Screen) -> str:
        """Who only practises reads so on every screen of what asks for her PIN."""
        return self.words("practice") if screen.flow.guard and self.facts["practising"] else ""

    def sms(self, reply: Reply) -> str:
        if reply.screen is None:
            return reply.words
        return render.sms(reply.screen, self.caller.language, self.words, reply.values)

    def sms_lead(self, reply: Reply) -> str:
        """The last words of the form that led back to the menu, without the menu."""
        if reply.screen is None or reply.screen.lead is None:
            return ""
        return render.lead(reply.screen, self.caller.language, reply.values)

    # Where she stands

    def true(self, condition: Expression | None) -> bool:
        """Whether a condition on facts alone holds for this caller; none always does."""
        return condition is None or condition.true(self.facts, today=self.rt.local_now().date())

    @property
    def flow(self) -> Flow | None:
        """The flow on her screen; None where there is none, or its revision is gone."""
        try:
            return self.flows.get(self.state.top.flow) if self.state else None
        except UnknownRevision:
            return None

    def open_flows(self) -> list[Flow]:
        try:
            return [self.flows.get(frame.flow) for frame in self.state.frames] if self.state else []
        except UnknownRevision:
            return []

    @property
    def behind_pin(self) -> bool:
        """Is something open that asks for a PIN, or was let in by one?"""
        return any(flow.keypad_only for flow in self.open_flows())

    @property
    def takes_sms(self) -> bool:
        """May the open question be sent and answered by SMS? Whether to go on is asked as the form below asks."""
        asked = [flow.by_sms for flow in self.open_flows() if flow.asks and flow.name != RESUME]
        return self.in_form and asked[-1:] == [True] and not self.behind_pin

    @property
    def in_form(self) -> bool:
        """Is there a question open, and not only a menu or something to read?"""
        return bool(self._asking())

    def put_reading_away(self) -> None:
        """Go down to the open question, if there is one, from what was only being read above it."""
        if frames := self._asking():
            self.state = State(frames)

    def _asking(self) -> tuple[Frame, ...]:
        """The open flows up to the last one that asks something."""
        frames = self.state.frames if self.state else ()
        try:
            while frames and not self.flows.get(frames[-1].flow).waits_on(self.caller.channel):
                frames = frames[:-1]
        except UnknownRevision:
            return ()
        return frames

    @property
    def open_ask(self) -> Ask | None:
        if self.state is None or self.flow is None:
            return None
        step = engine.show(self.flows, self.state, self.facts, self.moment())
        node = step.screen.flow.by_name.get(step.screen.key)
        return node if isinstance(node, Ask) else None

    def moment(self) -> Moment:
        settings = self.rt.settings
        return Moment(
            today=self.rt.local_now().date(),
            country=settings.country,
            language=self.caller.language,
            run=uuid.uuid4().hex,
            root=MAIN,
            keypad=self.caller.channel == "ussd",
        )

    def _go(self, call: Callable[[], Step]) -> Reply:
        """Run the engine and then the effects; a refusal leaves her where she was, with the reason."""
        try:
            step = call()
            values = self._run(step) if step.effects else {}
            step = self._menu_anew(step) if step.effects else step
        except LimitReached:
            self.state = None
            return Reply(words=self.words("limit"))
        except UnknownRevision:
            # The form she was in is gone for good: the menu is the only sensible screen.
            self.state = None
            return self.begin()
        except Refused as no:
            return self._refused(no)
        self.state = step.state.with_told(values, step.screen.flow.once) if step.state else None
        return Reply(step.screen, values=values)

    def _run(self, step: Step) -> dict[str, Any]:
        self.effects_run += 1
        if self.unwound is not None and self.unwound.at == self.effects_run:
            if remember := self.unwound.refused.remember:
                remember(self.db)
            raise self.unwound.refused
        values: dict[str, Any] = {}
        try:
            for wanted in step.effects:
                values |= effects.run(self.caller, wanted)
        except Refused as no:
            if no.stays:
                raise
            raise Unwound(no, self.effects_run) from no
        return values

    def _menu_anew(self, step: Step) -> Step:
        """A menu or a list behind effects shows what is true now that they have run: it was worked out before."""
        state, flow, lead = step.state, step.screen.flow, step.screen.lead
        if state is None:
            return step
        ended_at_its_list = lead is not None and lead[0] is flow and not state.top.answers
        if flow.kind != "menu" and not ended_at_its_list:
            return step
        state = state.with_top(state.top.fresh())
        anew = engine.show(self.flows, state, self.facts, self.moment())
        shown = {**step.screen.values, **anew.screen.values}
        return replace(anew, screen=replace(anew.screen, lead=lead, values=shown))

    def _refused(self, no: Refused) -> Reply:
        reason = self.words(no.text, **no.values)
        self.caller.forget()
        if no.final or self.state is None:
            self.state = None
            return Reply(words=reason)
        reply = self.show()
        if reply.screen is None:
            return reply
        return replace(reply, screen=replace(reply.screen, problem=Problem("refused", words=reason)))
