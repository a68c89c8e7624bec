"""What a message about suspected cases may say, once it is understood, and what it may lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal

from smsapp.surveillance.ages import Age

Sex = Literal["male", "female"]
Kind = Literal["case", "event", "aggregate", "collection", "zero"]
Verdict = Literal["real", "false", "more", "withdraw"]


@dataclass(frozen=True)
class Numbers:
    """Cases by sex and age; the last three only from a collection point."""

    male_under_five: int
    male_five_or_more: int
    female_under_five: int
    female_five_or_more: int
    referred: int | None = None
    died: int | None = None
    elsewhere: int | None = None  # of them from other villages

    @property
    def cases(self) -> int:
        return self.male_under_five + self.male_five_or_more + self.female_under_five + self.female_five_or_more

    def typed(self) -> list[int]:
        """In the order of the code."""
        return [number for each in fields(self) if (number := getattr(self, each.name)) is not None]


@dataclass(frozen=True)
class Report:
    """Cases of one disease, an event, or nothing to report; `disease` is a key of the data file."""

    kind: Kind
    disease: str
    sex: Sex | None = None
    age: Age | None = None
    count: int = 1
    village: str = ""  # words that may name one, as search keys write them
    since: date | None = None  # first sign
    died: int = 0
    numbers: Numbers | None = None
    week: date | None = None  # the Monday of the week that a report of no case names
    numbered: bool = field(default=False, compare=False)
    raw: str = field(default="", compare=False)


@dataclass(frozen=True)
class Told:
    """The facts of a message that is not a whole report; None is what it does not say."""

    disease: str | None = None
    sex: Sex | None = None
    age: Age | None = None
    age_unknown: bool = False  # said to be
    bare: bool = False  # the age came without its unit
    count: int | None = None
    village: str = ""
    since: date | None = None
    died: int | None = None
    numbered: bool = field(default=False, compare=False)  # a code in front of words that have to be a village


@dataclass(frozen=True)
class Decision:
    """What somebody says about a report or alert by its number; `since` is the day of the first sign."""

    verdict: Verdict
    reference: int
    reason: str = ""
    since: date | None = None
    raw: str = field(default="", compare=False)


@dataclass(frozen=True)
class Correction:
    """A report put right: a whole new one, or only what changes."""

    reference: int
    change: Told | Report
    raw: str = field(default="", compare=False)


@dataclass(frozen=True)
class Missing:
    """What has to be asked: disease, age, age_unit, reference or change; `told` is what is known already."""

    what: str
    told: Told
    raw: str = ""


@dataclass(frozen=True)
class Wrong:
    """Not understood: the key of the sentence that says so, and its values."""

    key: str
    values: Mapping[str, str]


Said = Report | Decision | Correction
Heard = Said | Missing | Wrong


class Unread(Exception):
    """Stops the reading of a message; carries the key and values of the answer."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = {name: str(value) for name, value in values.items()}
