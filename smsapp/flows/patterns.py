"""Regular expressions from form authors, refused when matching one could take for ever."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterable
from typing import Any

LONGEST_PATTERN = 200
LONGEST_INPUT = 160  # a longer answer does not match
# In how many ways a pattern may be tried on one answer: a fraction of a second at the very worst.
MOST_PATHS = 5_000_000

# The parser that `re` itself uses; it has no public name and no types.
_parser: Any = importlib.import_module("re._parser")


class BadPattern(Exception):
    """A pattern that can not be used; the sentence says why."""


def compile_pattern(source: str) -> re.Pattern[str]:
    if len(source) > LONGEST_PATTERN:
        raise BadPattern(f"the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            # `re` warns of what it may read otherwise one day: refused like what is wrong.
            warnings.simplefilter("error")
            tree, pattern = _parser.parse(source), re.compile(source)
    except (re.error, OverflowError, RecursionError, Warning) as why:
        raise BadPattern(f"the pattern is not right: {why}") from why
    if _paths(tree) > MOST_PATHS:
        raise BadPattern("the pattern could take too long: no * or + inside another, and few of them in all")
    return pattern


def matches(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the whole text fits, as XLSForm's regex() asks."""
    return len(text) <= LONGEST_INPUT and pattern.fullmatch(text) is not None


def _paths(tree: Iterable[tuple[Any, Any]]) -> int:
    """An upper bound on the ways in which a matcher that goes back can try this."""
    total = 1
    for operation, argument in tree:
        total = min(total * _paths_of(str(operation), argument), MOST_PATHS + 1)
    return total


def _paths_of(operation: str, argument: Any) -> int:
    match operation:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "AT":
            return 1
        case "SUBPATTERN":
            return _paths(argument[-1])
        case "BRANCH":
            return sum(_paths(branch) for branch in argument[1])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = argument
            return _repeated(_paths(body), int(least), min(int(most), LONGEST_INPUT))
    raise BadPattern("the pattern looks back or ahead, which is not possible here")


def _repeated(once: int, least: int, most: int) -> int:
    if once == 1:
        return max(most - least, 0) + 1
    total = 0
    for times in range(least, most + 1):
        total += once ** min(times, 64)  # two to the 64th is too many already
        if total > MOST_PATHS:
            break
    return total
