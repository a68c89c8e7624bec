"""The facts of a text as they are found, each told once; and the day on which something began."""

from __future__ import annotations

from datetime import date
from typing import Any

from smsapp.surveillance.ages import Age
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import Pieces, check_day, day_of, day_of_month, whole
from smsapp.surveillance.said import Unread
from smsapp.surveillance.wording import Meaning, Token, shown

LONGEST_DATE = 5  # words: `il y a 3 jours`
FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})  # of a year perhaps, and days too
ORDINALS = frozenset({"er", "st", "nd", "rd", "th"})
THIS = frozenset({"ce", "this"})  # of a day, though `ce` alone is a man in Bambara
COUNTED = frozenset({"unit", "cases", "several"})  # what stands behind a number that is no day
MANY_DEAD = Meaning("died", "many")


class Dated(Pieces):
    """One text and what is known of it so far."""

    def __init__(self, text: str, diseases: Diseases, today: date) -> None:
        super().__init__(text, diseases)
        self.today = today
        self.facts: dict[str, Any] = {}
        self.loose: list[tuple[int, str, bool]] = []  # place, text, whether a bare number

    def say(self, name: str, value: object, wrong: str, typed: str) -> None:
        """A fact; told twice it has to be the same."""
        if self.facts.setdefault(name, value) != value:
            raise Unread(wrong, typed=shown(typed))

    def say_age(self, age: Age, typed: str) -> None:
        """`bebe de 9 mois`: the exact age counts beside a group that it belongs to."""
        old = self.facts.get("age")
        if old is not None and old.group == age.group and None in (old.count, age.count):
            self.facts["age"] = old if age.count is None else age
            return
        self.say("age", age, "two_ages", typed)

    def say_since(self, day: date | None, typed: str) -> None:
        self.say("since", check_day(day, typed, self.diseases, self.today), "two_dates", typed)

    def typed(self, at: int, end: int) -> str:
        return " ".join(token.text for token in self.tokens[at:end])

    # ---- readers: each answers where the next piece begins, or its own place if it finds nothing

    def read_date(self, at: int) -> int:
        token = self.tokens[at]
        if token.kind == "date":
            if token.text in FRACTIONS:
                raise Unread("age_or_date", typed=token.text, date="/".join(n.zfill(2) for n in token.text.split("/")))
            self.say_since(day_of(token.text, self.today), token.text)
            return at + 1
        day, end = self.day_in_words(at)
        if day is not None:
            self.say_since(day, self.typed(at, end))
            return end
        return self._named_day(at)

    def day_in_words(self, at: int) -> tuple[date | None, int]:
        """`hier`, `3 mars`, `il y a 3 jours`, and where it ends."""
        for end in range(min(len(self.tokens), at + LONGEST_DATE), at, -1):
            if self._may_be_a_day(self.tokens[at:end]) and (day := day_of(self.typed(at, end), self.today)):
                return day, end
        return None, at

    def _may_be_a_day(self, window: list[Token]) -> bool:
        """`hier`, `3 mars`, `3 mars 2026`, `il y a 3 jours`: not two numbers that only look like a day and a month."""
        kinds = [token.kind for token in window]
        numbers = [len(token.text) for token in window if token.kind == "number"]
        if kinds == ["number", "word"]:
            return numbers[0] <= 2
        if kinds == ["number", "word", "number"]:
            return numbers == [numbers[0], 4] and numbers[0] <= 2
        ago = kinds in (["number", "word", "word"], ["word", "number", "word"])
        return set(kinds) == {"word"} or ago or kinds == ["word", "word", "word", "number", "word"]

    def _named_day(self, at: int) -> int:
        """`le 12`, `lundi 16`: the last such day, and no number of cases."""
        word, after = self.tokens[at].text, self.token(at + 1)
        weekday = self.words.weekdays.get(word)
        if word in THIS and after is not None and after.text in self.words.weekdays:
            return at + 1
        if weekday is None and word not in self.words.days:
            return at
        if after is not None and after.kind == "number" and len(after.text) <= 2 and self._counts_nothing(at + 2):
            self.say_since(day_of_month(whole(after.text), self.today), self.typed(at, at + 2))
            ordinal = self.token(at + 2)
            return at + 3 if ordinal is not None and ordinal.text in ORDINALS else at + 2
        if weekday is None:
            return at
        self._weekday(weekday, self.tokens[at].text, after)
        return at + 1

    def _counts_nothing(self, at: int) -> bool:
        meaning = self.meaning(at)[0]
        return meaning.kind not in COUNTED and meaning != MANY_DEAD

    def _weekday(self, weekday: int, typed: str, after: Token | None) -> None:
        """Beside a date it says nothing more; where it is today's name it may be today or a week ago."""
        if after is not None and (after.kind == "date" or after.text in self.words.days):
            return
        if back := (self.today.weekday() - weekday) % 7:
            self.say_since(day_of(f"il y a {back} jours", self.today), typed)
