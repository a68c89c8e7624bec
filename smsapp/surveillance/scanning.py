"""Cases in words: each piece of a text is one fact, in any order; what is no fact may name the village."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import cast

from smsapp.surveillance.ages import OVER, UNDER, Age, Group
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.dying import Dying
from smsapp.surveillance.pieces import NOTHING, meant_code, whole
from smsapp.surveillance.said import Told, Unread
from smsapp.surveillance.wording import Meaning, shown

OF_PLACE = frozenset({"village", "vge", "vill", "dugu"})
LONG = 5  # letters that may be a disease misspelt
GROUPS = {"<5": UNDER, ">5": OVER, ">=5": OVER, "+5": OVER, "5+": OVER}


def scan(text: str, diseases: Diseases, today: date, *, code_first: bool = False) -> Told:
    """The facts of a key; with `code_first` a number at its beginning is a disease's code where none is named."""
    return _Scan(text, diseases, today).told(code_first)


class _Scan(Dying):
    """One text, from its first piece to its last."""

    def __init__(self, text: str, diseases: Diseases, today: date) -> None:
        super().__init__(text, diseases, today)
        self.readers: tuple[Callable[[int], int], ...] = (self.read_date, self._counted, self._before, self._phrase)

    def told(self, code_first: bool) -> Told:
        at = 0
        while at < len(self.tokens):
            at = next((end for read in self.readers if (end := read(at)) > at), None) or self._other(at)
        if code_first and "disease" not in self.facts:
            self._code()
        if "disease" not in self.facts:
            self.check_misspelt()
        self.settle(code_first, self._kind())
        self._place_numbers()
        return Told(**self.facts, village=self._village())

    # ---- pieces that are facts: each answers where the next one begins, or its own place if it is none

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
        if meaning.kind == "died":
            self.numbered_dead(at, number, meaning.value, after)
            return after
        if meaning.kind in {"cases", "several"}:
            self.say("count", self.few(number, token.text), "two_counts", token.text)
            self.counted = after
            return after if meaning.kind == "cases" else at + 1
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
        self.say_age(Age(group), token.text)
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
        self.say_age(self.aged(months, token.text, "months"), token.text)
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
        self.say_age(age, typed)
        return end

    def _before(self, at: int) -> int:
        """`san 3`: the unit comes first in Bambara."""
        token, after = self.tokens[at], self.token(at + 1)
        unit = self.words.before.get(token.text)
        if unit is None or after is None or after.kind != "number":
            return at
        self.say_age(self.aged(whole(after.text), after.text, unit), after.text)
        return at + 2

    def _phrase(self, at: int) -> int:
        meaning, end = self.meaning(at)
        typed = " ".join(token.text for token in self.tokens[at:end])
        match meaning.kind:
            case "disease":
                self._disease(meaning.value, typed)
            case "sex" | "several":
                self._sex(meaning.value, typed)
            case "group":
                self.say_age(Age(cast(Group, meaning.value)), typed)
            case "unknown":
                self.facts["age_unknown"] = True
            case "alive":
                self.say("died", 0, "two_counts", typed)
            case "died":
                return self.dead(at, meaning.value, end)
            case "unit" | "limits" | "half":
                raise Unread("age_format", typed=shown(typed))
            case "cases":
                pass
            case _:
                return at
        return end

    def _sex(self, sex: str, typed: str) -> None:
        """`F 9 M` is a girl of nine months perhaps."""
        if self.facts.get("sex", sex) != sex:
            for before, token in pairwise(self.tokens[1:]):  # the first number may be a disease's code
                if before.kind == "number" and token.text == "m":
                    raise Unread("month_or_male", typed=shown(f"{before.text} m"))
        self.say("sex", sex, "two_sexes", typed)

    def _disease(self, key: str, typed: str) -> None:
        """`RAS sauf 2 cas de rougeole` is no week without cases."""
        zero = self.diseases.zero
        if zero.key in {key, self.facts.get("disease")} and self.facts.get("disease", key) != key:
            raise Unread("zero_alone", disease=zero.key, example=zero.code)
        self.say("disease", key, "two_diseases", typed)

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
        self.facts |= {"disease": disease.key, "numbered": self._names_a_place()}
        for _, text, bare in self.loose:  # `3 rougeol` is no cholera in a village of that name
            if not bare and len(text) >= LONG and self.diseases.closest(text):
                raise Unread("disease_unknown", typed=shown(text))

    def _names_a_place(self) -> bool:
        """Whether words stand behind the code as behind a number that counts them: `3 Kourouba`, `3 moutons`."""
        at = 1
        while at < len(self.tokens) and (self.tokens[at].kind == "stop" or self.meaning(at)[0].kind == "spare"):
            at += 1
        return any(place == at for place, _, bare in self.loose if not bare)

    def _place_numbers(self) -> None:
        """A bare number is the age, the next one counts cases, one more belongs to the village before it."""
        event = self._kind() == "event"
        rest: list[tuple[int, str, bool]] = []
        for at, text, bare in self.loose:
            if not bare:
                rest.append((at, text, False))
            elif not event and not {"age", "age_unknown"} & set(self.facts):
                self.facts |= {"age": self.aged(whole(text), text), "bare": True}
            elif "count" not in self.facts and not event and (self._is_group() or self._is_of_place(at, rest)):
                raise Unread("numbers_glued", typed=shown(text))
            elif "count" not in self.facts:
                self.facts["count"] = self.few(whole(text), text)
            elif rest and rest[-1][0] == at - 1 and self.meaning(at - 1)[0] == NOTHING:
                rest.append((at, text, False))
            else:
                raise Unread("many_numbers", typed=shown(text))
        self.loose = rest

    def _is_group(self) -> bool:
        """`adulte 30`: thirty years, or thirty adults."""
        return "age" in self.facts and self.facts["age"].count is None

    def _is_of_place(self, at: int, rest: list[tuple[int, str, bool]]) -> bool:
        """`F 3 Sikoro 2`: two cases, or the second Sikoro."""
        named = bool(rest) and rest[-1][0] == at - 1 and not self._is_spare(rest[-1])
        return named or (at > 0 and self.tokens[at - 1].text in OF_PLACE)

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
