"""What somebody wants sent, to whom and when, and everything about it that can not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smsapp import segments
from smsapp.broadcasts import wording
from smsapp.broadcasts.audience import Audience
from smsapp.kinds import KINDS
from smsapp.runtime import Runtime

TOPICS = tuple(sorted({kind.topic for kind in KINDS.values() if kind.topic}))
TOPIC = KINDS["broadcast"].topic or TOPICS[0]
LONGEST_TITLE = 120
LATE = timedelta(minutes=10)  # a time that passed while somebody wrote means now
TITLE_WORDS = 40  # characters of the text that stand in for a title


class Problem(Exception):
    """Why something is refused: `sentence` is a text of the console's catalogue, filled by `values`."""

    def __init__(self, sentence: str, *, about: str = "", **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.about = about  # the field that it stands beside
        self.values = values


@dataclass(frozen=True)
class Content:
    """All of a broadcast that its maker decides."""

    texts: Mapping[str, str]
    audience: Audience = field(default_factory=Audience)
    title: str = ""
    topic: str = TOPIC
    start_at: datetime | None = None  # None: now
    use_by: datetime | None = None
    cap: int | None = None

    def named(self) -> str:
        """Its title, or else how its text begins."""
        title = " ".join(segments.clean(self.title).split())[:LONGEST_TITLE]
        said = next((" ".join(words.split()) for text in self.texts.values() if (words := segments.clean(text))), "")
        return title or (said[: TITLE_WORDS - 1] + "…" if len(said) > TITLE_WORDS else said)


def problems(rt: Runtime, content: Content, *, has_list: bool) -> list[Problem]:
    """Everything that keeps it from being handed in."""
    texts = {language: segments.clean(text) for language, text in content.texts.items()}
    found = [problem for language, text in texts.items() for problem in _of_text(language, text)]
    if not any(texts.values()):
        found.append(Problem("Write what should be sent.", about="text"))
    if not (content.audience.reaches_people or content.audience.again or has_list):
        found.append(Problem("Say whom it should reach.", about="audience"))
    if content.topic not in TOPICS:
        found.append(Problem("Choose what it is about.", about="topic"))
    if content.cap is not None and content.cap <= 0:
        found.append(Problem("The most that it may cost is a number of francs above 0.", about="cap"))
    return found + _of_times(rt, content)


def _of_text(language: str, text: str) -> list[Problem]:
    about = f"text_{language}"
    known = ", ".join(f"{{{name}}}" for name in wording.WRITTEN)
    strange = "{%(name)s} is nothing that can be filled in; what can be: %(known)s."
    found = [Problem(strange, about=about, name=name, known=known) for name in wording.unknown(text)]
    if (parts := segments.count(segments.fold(text))) > wording.MOST_PARTS:
        long = "This text takes %(parts)d SMS, at most %(most)d are sent: shorten it."
        found.append(Problem(long, about=about, parts=parts, most=wording.MOST_PARTS))
    return found


def _of_times(rt: Runtime, content: Content) -> list[Problem]:
    start = content.start_at or rt.now()
    found = []
    if start < rt.now() - LATE:
        found.append(Problem("This time is over.", about="start_at"))
    if content.use_by is not None and content.use_by <= max(start, rt.now()):
        found.append(Problem("It would be out of date before it is sent.", about="use_by"))
    return found
