"""Who has died: a number beside the word may be an age or a count, and where nothing tells which it is refused."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from smsapp.surveillance.dated import COUNTED, Dated
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import NOTHING, whole
from smsapp.surveillance.said import Unread
from smsapp.surveillance.wording import shown

MANY = "many"  # the value of `morts`, which is no single person
LINKS = frozenset({"de", "d", "of", "age", "agee", "aged", "sont"})
LONGEST_NAME = 3  # words behind `deces` that may be a disease misspelt


class Doubt(NamedTuple):
    """A number that is an age or a count of dead; `of_one` where it stands behind a sex, as an age does.

    `many` where the word is that of several, which belongs to no single age.
    """

    at: int
    number: int
    typed: str
    of_one: bool
    many: bool


class Dying(Dated):
    """One text, with its dead."""

    def __init__(self, text: str, diseases: Diseases, today: date) -> None:
        super().__init__(text, diseases, today)
        self.doubts: list[Doubt] = []
        self.words_of_death: list[tuple[int, int]] = []
        self.counted = -1  # where the number of cases ends

    def numbered_dead(self, at: int, number: int, value: str, end: int) -> None:
        """`2 morts`, `M 30 decede`."""
        self.words_of_death.append((at + 1, end))
        self._dead(Doubt(at, number, self.typed(at, end), self._behind_sex(at), value == MANY))

    def dead(self, at: int, value: str, end: int) -> int:
        """The word without a number before it: a number may follow, `5 CAS DECES: 2`."""
        self.words_of_death.append((at, end))
        if value == MANY:
            self._no_animals(at)
        after = self.token(end)
        if after is not None and after.kind == "number" and self._stands_alone(end):
            self._dead(Doubt(at, whole(after.text), self.typed(at, end + 1), self._behind_sex(at), value == MANY))
            return end + 1
        of = self.facts["count"] if self.counted == self._before_links(at) else 1
        if of > 1 and value != MANY:
            raise Unread("deaths_unclear", typed=shown(f"{of} cas {self.typed(at, end)}"))
        self.say("died", of, "two_counts", self.typed(at, end))
        return end

    def settle(self, code_first: bool, kind: str) -> None:
        """What the numbers were, now that the other facts are known; `kind` is that of the disease."""
        for doubt in self.doubts:
            age = self.facts.get("age")
            numbered = any(bare for _, _, bare in self.loose)
            known = "age_unknown" in self.facts or "count" in self.facts or numbered or (age and age.count is not None)
            may_be_code = code_first and doubt.at == 0 and "disease" not in self.facts
            if kind == "event" or (known and not doubt.of_one and not may_be_code):
                self._say_died(doubt.number, doubt.typed)
            elif "sex" in self.facts and not (known or may_be_code or doubt.many):
                self.say_age(self.aged(doubt.number, doubt.typed), doubt.typed)
                self.facts["bare"] = True
                self._say_died(1, doubt.typed)
            else:
                raise Unread("age_or_deaths", typed=shown(doubt.typed), n=doubt.number)

    def check_misspelt(self) -> None:
        """`deces maternele` is a disease misspelt, and no death in a village of that name."""
        for at, end in self.words_of_death:
            last = end
            while last < min(len(self.tokens), end + LONGEST_NAME) and self.meaning(last)[0].kind in {"", "spare"}:
                last += 1
            for upto in range(last, end, -1):
                if self.diseases.closest(typed := self.typed(at, upto)):
                    raise Unread("disease_unknown", typed=shown(typed))

    def _dead(self, told: Doubt) -> None:
        certain = told.many or not told.number
        if told.number == 1 or (certain and not told.of_one):
            self._say_died(told.number, told.typed)
        else:
            self.doubts.append(told)

    def _say_died(self, number: int, typed: str) -> None:
        self.say("died", self.few(number, typed, least=0), "two_counts", typed)

    def _behind_sex(self, at: int) -> bool:
        """`M 30`, `fille de 3`."""
        at = self._before_links(at)
        return at > 0 and self.meaning(at - 1)[0].kind == "sex"

    def _before_links(self, at: int) -> int:
        while at and self.tokens[at - 1].text in LINKS:
            at -= 1
        return at

    def _stands_alone(self, at: int) -> bool:
        """Whether the number counts nothing else and is no day."""
        return self.meaning(at + 1)[0].kind not in COUNTED | {"died", "half"} and self.day_in_words(at)[0] is None

    def _no_animals(self, at: int) -> None:
        """`3 hyenes mortes`: what is counted so is no village, and the number no age or code."""
        first = at
        while first and self.tokens[first - 1].kind == "word" and self.meaning(first - 1)[0] == NOTHING:
            first -= 1
        if 0 < first < at and self.tokens[first - 1].kind == "number":
            raise Unread("disease_unknown", typed=shown(self.typed(first, at)))
