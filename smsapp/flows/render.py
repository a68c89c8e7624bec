"""From a screen to words on a channel: USSD pages that fit, or one SMS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smsapp.flows.engine import HOME, MORE
from smsapp.flows.state import Problem, Screen
from smsapp.i18n import fill
from smsapp.segments import fits_ussd, fold

Words = Callable[[str], str]  # a text of the service itself, in her language, by its key


@dataclass(frozen=True)
class _Unit:
    """Something that is not cut: a word, or a whole option. `glue` stands between it and the one before."""

    glue: str
    text: str


def ussd(screen: Screen, language: str, words: Words, values: Mapping[str, Any] | None = None) -> str:
    """The page of this screen that she is on, at most what one USSD answer carries."""
    return ussd_page(screen, language, words, values)[0]


def ussd_page(screen: Screen, language: str, words: Words, values: Mapping[str, Any] | None = None) -> tuple[str, int]:
    """The page that she is on, and how many the screen has."""
    pages = _all_pages(screen, language, words, values or {})
    if screen.end and len(pages) > 1:
        return _cut(list(_units(screen, language, words, values or {}))), len(pages)
    return pages[screen.page % len(pages)], len(pages)


def page_count(screen: Screen, language: str, words: Words) -> int:
    """How many pages this screen takes on USSD."""
    return ussd_page(screen, language, words)[1]


def _all_pages(screen: Screen, language: str, words: Words, values: Mapping[str, Any]) -> list[str]:
    rows = [] if screen.end else _nav(screen, words)
    whole = _whole(screen, language, words, values)
    # The keys work unseen as well: one page without them beats two pages with them.
    for shown in (rows, rows[:1], []):
        if fits_ussd(page := whole + "".join(shown)):
            return [page]
    units = list(_units(screen, language, words, values))
    return _pages(units, "".join(rows), f"\n{MORE}. {fold(words('nav.more'))}")


def plain(words: str) -> str:
    """Words that end a session, cut to what one USSD answer carries."""
    text = fold(words)
    return text if fits_ussd(text) else _cut([_Unit(" ", word) for word in text.split(" ")])


def sms(screen: Screen, language: str, words: Words, values: Mapping[str, Any] | None = None) -> str:
    """The screen as one text message, as written: the sender folds it."""
    head = _head(screen, language, words, values or {})
    rows = [f"{o.code}. {o.text(screen.flow, language)}" for o in screen.options]
    return "\n".join([*head, *rows])


def _head(screen: Screen, language: str, words: Words, values: Mapping[str, Any]) -> list[str]:
    shown = {**screen.values, **values}
    lines = [screen.mark]
    lines += [_reason(screen, screen.problem, language, words)] if screen.problem else []
    lines.append(lead(screen, language, values))
    lines.append(screen.flow.text(language, screen.key) or "")
    return [fill(line, shown) for line in lines if line]


def lead(screen: Screen, language: str, values: Mapping[str, Any]) -> str:
    """The last words of the form before, which stand above this screen."""
    if screen.lead is None:
        return ""
    flow, key = screen.lead
    return fill(flow.text(language, key) or "", {**screen.values, **values})


def _reason(screen: Screen, problem: Problem, language: str, words: Words) -> str:
    own = screen.flow.text(language, f"{problem.node}.problem") if problem.node else None
    return problem.words or own or words(f"problem.{problem.reason}")


def _nav(screen: Screen, words: Words) -> list[str]:
    """The rows that lead elsewhere, the most useful first."""
    rows = [(screen.back, "nav.back")] if screen.back else []
    rows += [(HOME, "nav.home")] if screen.home else []
    return [f"\n{code}. {fold(words(key))}" for code, key in rows]


def _units(screen: Screen, language: str, words: Words, values: Mapping[str, Any]) -> Iterator[_Unit]:
    glue = ""
    for line in "\n".join(_head(screen, language, words, values)).split("\n"):
        for word in fold(line).split(" "):
            yield _Unit(glue, word)
            glue = " "
        glue = "\n"
    for option in screen.options:
        yield _Unit("\n", f"{option.code}. {fold(option.text(screen.flow, language))}")


def _whole(screen: Screen, language: str, words: Words, values: Mapping[str, Any]) -> str:
    """All units joined, which nearly always fit: taken apart only where they do not."""
    lines = fold("\n".join(_head(screen, language, words, values)))
    options = [f"{option.code}. {fold(option.text(screen.flow, language))}" for option in screen.options]
    return "\n".join([lines, *options]).lstrip("\n ")


def _join(units: list[_Unit]) -> str:
    return "".join(unit.glue + unit.text for unit in units).lstrip("\n ")


def _pages(units: list[_Unit], nav: str, more: str) -> list[str]:
    """Pages filled one after the other; only the last one does without the key for more."""
    pages: list[str] = []
    page: list[_Unit] = []
    for place, unit in enumerate(units):
        last = place == len(units) - 1
        if fits_ussd(_join([*page, unit]) + ("" if last else more) + nav):
            page.append(unit)
            continue
        if page:
            pages.append(_join(page) + more + nav)
        page = list(_bits(unit, more + nav))
        pages += [_join([bit]) + more + nav for bit in page[:-1]]
        page = page[-1:]
    return [*pages, _join(page) + nav]


def _bits(unit: _Unit, tail: str) -> Iterator[_Unit]:
    """One unit that alone is longer than a page, cut between words; an option keeps its number with its first word."""
    text = unit.text
    while not fits_ussd(text + tail):
        room = max((n for n in range(1, len(text)) if fits_ussd(text[:n] + tail)), default=1)
        at = text.rfind(" ", 4, room + 1)
        at = at if at > 0 else room
        yield _Unit(unit.glue, text[:at].rstrip())
        text = text[at:].lstrip()
    yield _Unit(unit.glue, text)


def _cut(units: list[_Unit]) -> str:
    """A last screen has no second page: what does not fit is left off, and says so."""
    kept: list[_Unit] = []
    for unit in units:
        if not fits_ussd(_join([*kept, unit]) + ".."):
            break
        kept.append(unit)
    return _join(kept or [next(_bits(units[0], ".."))]) + ".."
