"""Cases in words: each piece of a text is one fact, in any order; what is no fact may name the village."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from smsapp.surveillance.ages import OVER, UNDER, Age, Group
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import NOTHING, Pieces, check_day, day_of, meant_code, whole
from smsapp.surveillance.said import Told, Unread
from smsapp.surveillance.wording import Meaning, Token, shown

LONG = 5  # letters that may be a disease misspelt
LONGEST_DATE = 5  # words: `il y a 3 jours`
FRACTIONS = frozenset({"1/2", "1/3", "2/3", "1/4", "3/4"})  # of a year perhaps, and days too
GROUPS = {"<5": UNDER, ">5": OVER, ">=5": OVER, "+5": OVER, "5+": OVER}


def scan(text: str, diseases: Diseases, today: date, *, code_first: bool = False) -> Told:
    """The facts of a key; with `code_first` a number at its beginning is a disease's code where none is named."""
    return _Scan(text, diseases, today).told(code_first)


class _Scan(Pieces):
    """One text, from its first piece to its last."""

    def __init__(self, text: str, diseases: Diseases, today: date) -> None:
        super().__init__(text, diseases)
        self.today = today
        self.facts: dict[str, Any] = {}
        self.loose: list[tuple[int, str, bool]] = []  # place, text, whether a bare number
        self.readers: tuple[Callable[[int], int], ...] = (self._date, self._counted, self._before, self._phrase)

    def told(self, code_first: bool) -> Told:
        at = 0
        while at < len(self.tokens):
            at = next((end for read in self.readers if (end := read(at)) > at), None) or self._other(at)
        if code_first and "disease" not in self.facts:
            self._code()
        self._place_numbers()
        return Told(**self.facts, village=self._village())

    def _say(self, name: str, value: object, wrong: str, typed: str) -> None:
        """A fact; told twice it has to be the same."""
        if self.facts.setdefault(name, value) != value:
            raise Unread(wrong, typed=shown(typed))

    # ---- pieces that are facts: each answers where the next one begins, or its own place if it is none

    def _date(self, at: int) -> int:
        token = self.tokens[at]
        if token.kind == "date":
            if token.text in FRACTIONS:
                raise Unread("age_or_date", typed=token.text, date="/".join(n.zfill(2) for n in token.text.split("/")))
            self._since(day_of(token.text, self.today), token.text)
            return at + 1
        for count in range(min(LONGEST_DATE, len(self.tokens) - at), 0, -1):
            window = self.tokens[at : at + count]
            if self._may_be_a_day(window) and (day := day_of(" ".join(t.text for t in window), self.today)):
                self._since(day, " ".join(t.text for t in window))
                return at + count
        return at

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

    def _since(self, day: date | None, typed: str) -> None:
        self._say("since", check_day(day, typed, self.diseases, self.today), "two_dates", typed)

    def _counted(self, at: int) -> int:
        """A number and what it counts: years, months, cases, deaths."""
        token = self.tokens[at]
        phrase, end = self.meaning(at)
        if token.kind == "sign":
            return self._signed(at)
        if token.kind == "decimal":
            return self._decimal(at)
        number = self.number(at)
        if number is None or (phrase.kind and end > at + 1):
            return at
        meaning, after = self.meaning(at + 1)
        if meaning.kind == "unit":
            return self._age(at, number, meaning.value, after)
        if meaning.kind in {"cases", "died"}:
            name = "count" if meaning.kind == "cases" else "died"
            self._say(name, self.few(number, token.text, least=name == "count"), "two_counts", token.text)
            return after
        if meaning.kind == "several":
            self._say("count", self.few(number, token.text), "two_counts", token.text)
            return at + 1
        self._not_a_month(at)
        return at

    def _not_a_month(self, at: int) -> None:
        """`8M` is a boy of eight or a child of eight months."""
        after = self.token(at + 1)
        if self.tokens[at].kind == "number" and after and after.text == "m" and after.start == self.tokens[at].end:
            raise Unread("month_or_male", typed=shown(self.tokens[at].text + "m"))

    def _signed(self, at: int) -> int:
        token = self.tokens[at]
        group = GROUPS.get(token.text.replace(" ", ""))
        if group is None:
            raise Unread("age_format", typed=shown(token.text))
        self._say("age", Age(group), "two_ages", token.text)
        meaning, after = self.meaning(at + 1)
        return after if meaning == Meaning("unit", "years") else at + 1

    def _decimal(self, at: int) -> int:
        """`2,5 ans` is 30 months; without its unit it may be two numbers."""
        token = self.tokens[at]
        meaning, after = self.meaning(at + 1)
        years, _, part = token.text.replace(",", ".").partition(".")
        if meaning != Meaning("unit", "years") or part not in {"0", "5"}:
            raise Unread("numbers_glued", typed=shown(token.text))
        months = whole(years) * 12 + (6 if part == "5" else 0)
        self._say("age", self.aged(months, token.text, "months"), "two_ages", token.text)
        return after

    def _age(self, at: int, number: int, unit: str, end: int) -> int:
        """`3 ans`, `1 an 6 mois`, `1 an et demi`."""
        typed = self.tokens[at].text
        age = self.aged(number, typed, unit)
        if unit == "years":
            then = end + 1 if self.meaning(end)[0].kind == "spare" else end
            more = self.number(then)
            meaning, after = self.meaning(then + 1)
            if more is not None and meaning == Meaning("unit", "months"):
                age, end = self.aged(number * 12 + more, typed, "months"), after
            elif self.meaning(then)[0].kind == "half":
                age, end = self.aged(number * 12 + 6, typed, "months"), then + 1
        self._say("age", age, "two_ages", typed)
        return end

    def _before(self, at: int) -> int:
        """`san 3`: the unit comes first in Bambara."""
        token, after = self.tokens[at], self.token(at + 1)
        unit = self.words.before.get(token.text)
        if unit is None or after is None or after.kind != "number":
            return at
        self._say("age", self.aged(whole(after.text), after.text, unit), "two_ages", after.text)
        return at + 2

    def _phrase(self, at: int) -> int:
        meaning, end = self.meaning(at)
        typed = " ".join(token.text for token in self.tokens[at:end])
        match meaning.kind:
            case "disease":
                self._disease(meaning.value, typed)
            case "sex" | "several":
                self._say("sex", meaning.value, "two_sexes", typed)
            case "group":
                self._say("age", Age(cast(Group, meaning.value)), "two_ages", typed)
            case "unknown":
                self.facts["age_unknown"] = True
            case "died":
                self._say("died", 1, "two_counts", typed)
            case "unit" | "limits" | "half":
                raise Unread("age_format", typed=shown(typed))
            case "cases":
                pass
            case _:
                return at
        return end

    def _disease(self, key: str, typed: str) -> None:
        """`RAS sauf 2 cas de rougeole` is no week without cases."""
        zero = self.diseases.zero
        if zero.key in {key, self.facts.get("disease")} and self.facts.get("disease", key) != key:
            raise Unread("zero_alone", disease=zero.key, example=zero.code)
        self._say("disease", key, "two_diseases", typed)

    # ---- what is left

    def _other(self, at: int) -> int:
        """A number by itself, or a word of a village; `sotuba2` and `km 26` are names."""
        token, after = self.tokens[at], self.token(at + 1)
        if token.kind == "stop":
            return at + 1
        if token.kind == "number":
            self.loose.append((at, token.text, True))
            return at + 1
        if after is not None and after.kind == "number" and self.meaning(at)[0] == NOTHING:
            if token.text in self.words.joined:
                self.loose += [(at, token.text, False), (at + 1, after.text, False)]
                return at + 2
            if after.start == token.end:
                self.loose += [(at, token.text + after.text, False), (at + 1, "", False)]
                return at + 2
        self.loose.append((at, token.text, False))
        return at + 1

    def _code(self) -> None:
        if not self.loose or self.loose[0][0] != 0 or not self.loose[0][2]:
            return
        code = self.loose.pop(0)[1]
        if (disease := self.diseases.by_code.get(whole(code))) is None:
            raise Unread("code_unknown", typed=shown(code))
        if {token.kind for token in self.tokens} == {"number"} and len(self.tokens) > 1:
            raise Unread("code_spaces", typed=shown(self.text), meant=meant_code(self.text, self.diseases))
        self.facts["disease"] = disease.key
        for _, text, bare in self.loose:  # `3 rougeol` is no cholera in a village of that name
            if not bare and len(text) >= LONG and self.diseases.closest(text):
                raise Unread("disease_unknown", typed=shown(text))

    def _place_numbers(self) -> None:
        """A bare number is the age, the next one counts cases, one more belongs to the village before it."""
        event = self._kind() == "event"
        rest: list[tuple[int, str, bool]] = []
        for at, text, bare in self.loose:
            if not bare:
                rest.append((at, text, False))
            elif not event and not {"age", "age_unknown"} & set(self.facts):
                self.facts |= {"age": self.aged(whole(text), text), "bare": True}
            elif "count" not in self.facts:
                self.facts["count"] = self.few(whole(text), text)
            elif rest and rest[-1][0] == at - 1 and self.meaning(at - 1)[0] == NOTHING:
                rest.append((at, text, False))
            else:
                raise Unread("many_numbers", typed=shown(text))
        self.loose = rest

    def _kind(self) -> str:
        disease = self.diseases.by_key.get(self.facts.get("disease", ""))
        return disease.kind if disease else ""

    def _village(self) -> str:
        """The words that are left, without those around them that say nothing."""
        runs: list[list[tuple[int, str, bool]]] = []
        for piece in self.loose:
            if runs and runs[-1][-1][0] == piece[0] - 1:
                runs[-1].append(piece)
            else:
                runs.append([piece])
        kept = [" ".join(text for _, text, _ in self._bare_of_spare(run) if text) for run in runs]
        village = " ".join(filter(None, kept))
        if len(runs) > 1 and not _Scan(village, self.diseases, self.today).only_words():
            raise Unread("unclear", typed=shown(village))
        return village

    def _bare_of_spare(self, run: list[tuple[int, str, bool]]) -> list[tuple[int, str, bool]]:
        while run and self._is_spare(run[0]):
            run = run[1:]
        while run and self._is_spare(run[-1]):
            run = run[:-1]
        return run

    def _is_spare(self, piece: tuple[int, str, bool]) -> bool:
        return self.meaning(piece[0])[0].kind == "spare"

    def only_words(self) -> bool:
        """Whether no piece would be read as a fact, now that they stand together."""
        at = 0
        while at < len(self.tokens):
            if any(read(at) > at for read in self.readers):
                return False
            at = self._other(at)
        return True
