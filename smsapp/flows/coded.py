"""A coded SMS: several answers in one message, each word held until its question comes."""

from __future__ import annotations

from collections.abc import Sequence

from smsapp.flows import answers
from smsapp.flows.nodes import Ask, Flow, Node
from smsapp.flows.state import Moment


def held(flow: Flow, words: Sequence[str], moment: Moment) -> dict[str, str]:
    """Which words of a coded SMS answer which question: one each, a date up to three, the last takes the rest."""
    rest, by_name = list(words), {}
    for place, name in enumerate(flow.coded):
        if not rest:
            break
        ask = flow.by_name[name]
        last = place == len(flow.coded) - 1
        count = len(rest) if last else _width(ask, rest, moment)
        by_name[name] = " ".join(rest[:count])
        del rest[:count]
    return by_name


def _width(ask: Node, words: Sequence[str], moment: Moment) -> int:
    if not (isinstance(ask, Ask) and ask.type == "date"):
        return 1
    return next((n for n in (3, 2, 1) if n <= len(words) and _is_date(" ".join(words[:n]), moment)), 1)


def _is_date(text: str, moment: Moment) -> bool:
    try:
        answers.read("date", text, options=(), today=moment.today, country=moment.country, language=moment.language)
    except answers.BadAnswer:
        return False
    return True
