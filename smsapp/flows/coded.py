"""A coded SMS: several answers in one message, each word held until its question comes."""

from __future__ import annotations

from collections.abc import Sequence

from smsapp.flows import answers
from smsapp.flows.nodes import Ask, Flow, Node
from smsapp.flows.state import Moment

A_SENTENCE = 2  # words …
A_SENTENCE_LENGTH = 8  # … and characters: "trop cher" is something to say, "1 2" a slip
_LABEL = range(3, 41)  # characters of a text that may be what an option says
_AROUND = " .,;:!?()"
_WORDS = {"date": 3, "number": 5}  # in which such an answer is written at most


def held(flow: Flow, words: Sequence[str], moment: Moment) -> dict[str, str]:
    """Which words of a coded SMS answer which question: one each, the last takes the rest.

    A date has up to three, a number as many as it is written in; a text before a number has all that stand before it.
    A phone's number is left out where letters stand in its place and something else follows: it is asked then.
    A domain's own text is cut where no answer is longer, so that the domain itself can say that it is too long.
    """
    rest, by_name = list(words), {}
    asks = [flow.by_name[name] for name in flow.coded]
    for ask, after in zip(asks, [*asks[1:], None], strict=False):
        if not rest:
            break
        if _is_left_out(ask, after, rest[0]):
            continue
        count = len(rest) if after is None else _width(ask, after, rest, moment)
        said = " ".join(rest[:count])
        by_name[ask.name] = said[: answers.LONGEST_TEXT] if flow.claims else said
        del rest[:count]
    return by_name


def opening(flow: Flow, text: str, moment: Moment) -> Sequence[str]:
    """The words with which a text begins this flow though it names no keyword: `1`, `1 merci`, `je viens`; else none.

    Of several words the first has to be a code: a sentence may begin like an answer and mean something else.
    """
    ask, words = flow.opening, text.split()
    if ask is None or not words:
        return ()
    if answers.plain(words[0]).strip(_AROUND) in {choice.code for choice in ask.choices}:
        return words
    return [text] if len(text) in _LABEL and _reads(flow, ask, text, moment) else ()


def is_sentence(text: str) -> bool:
    """Something that she wants to say, not a slip."""
    return len(text.split()) >= A_SENTENCE and len(text) >= A_SENTENCE_LENGTH


def said_more(flow: Flow, words: Sequence[str], moment: Moment) -> bool:
    """Whether a person should read what follows the answer: a sentence, and not what is asked next."""
    rest = " ".join(words[1:])
    if len(words) <= A_SENTENCE or len(rest) < A_SENTENCE_LENGTH:
        return False
    following = [flow.by_name[name] for name in flow.coded[1:2]]
    return not any(isinstance(ask, Ask) and _reads(flow, ask, rest, moment) for ask in following)


def _reads(flow: Flow, ask: Ask, text: str, moment: Moment) -> bool:
    offered = [
        answers.Option(c.code, c.name, flow.text(moment.language, f"{ask.labels}.{c.name}") or c.name)
        for c in ask.choices
    ]
    return _is_answer(ask.type, text, moment, offered)


def _width(ask: Node, after: Node, words: Sequence[str], moment: Moment) -> int:
    kind, then = _type(ask), _type(after)
    if kind in _WORDS:
        return _most(kind, words, moment) or 1
    if kind == "text" and then == "number":
        return next((n for n in range(1, len(words)) if _most(then, words[n:], moment)), len(words))
    return 1


def _is_left_out(ask: Node, after: Node | None, word: str) -> bool:
    return _type(ask) == "number" and after is not None and word.isalpha()


def _type(node: Node) -> str:
    return node.type if isinstance(node, Ask) else ""


def _most(kind: str, words: Sequence[str], moment: Moment) -> int:
    """With how many of these words such an answer begins; 0 where they are none."""
    counts = range(min(_WORDS[kind], len(words)), 0, -1)
    return next((n for n in counts if _is_answer(kind, " ".join(words[:n]), moment)), 0)


def _is_answer(kind: str, text: str, moment: Moment, options: Sequence[answers.Option] = ()) -> bool:
    today, country, language = moment.today, moment.country, moment.language
    try:
        answers.read(kind, text, options=options, today=today, country=country, language=language)
    except answers.BadAnswer:
        return False
    return True
