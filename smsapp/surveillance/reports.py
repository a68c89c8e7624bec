"""Messages about cases: any text is understood, or lacks something that can be asked, or is refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from smsapp.surveillance import coded, deciding, finishing, wording, zeros
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.pieces import after_keyword, names_first
from smsapp.surveillance.said import Correction, Decision, Heard, Missing, Report, Told, Unread, Wrong
from smsapp.surveillance.scanning import scan

__all__ = ["Correction", "Decision", "Missing", "Report", "Told", "Wrong", "answered", "corrected", "parse"]

LONGEST = 900  # characters, fewer than an answer may have


def parse(text: str, diseases: Diseases, language: str, today: date) -> Heard:
    """What a text says; `language` is that of the names in a refusal."""
    if len(text) > LONGEST:
        return Wrong("too_long", {"most": str(LONGEST), "example": diseases.all[0].example(language)})
    try:
        return replace(_heard(text, diseases, today), raw=text)
    except Unread as no:
        return _wrong(no, diseases, language)


def answered(asked: Missing, text: str, diseases: Diseases, language: str, today: date) -> Heard:
    """The message that lacked something, with the answer to the question; another whole message counts by itself."""
    if asked.what in {"reference", "change"}:
        return parse(f"{asked.raw} {text}", diseases, language, today)
    key = wording.key(text[: LONGEST + 1])
    if len(text) > LONGEST or "#" in key or "*" in key or after_keyword(key, diseases) is not None:
        return parse(text, diseases, language, today)
    try:
        told = scan(key, diseases, today, code_first=asked.what == "disease")
        heard = finishing.finished(finishing.merged(asked.told, told), diseases)
    except Unread as no:
        return _wrong(no, diseases, language)
    return replace(heard, raw=f"{asked.raw} {text}")


def corrected(old: Report, correction: Correction, diseases: Diseases, language: str) -> Report | Missing | Wrong:
    """The report that a correction makes of `old`."""
    try:
        return replace(finishing.corrected(old, correction.change, diseases), raw=correction.raw)
    except Unread as no:
        no.values["number"] = str(correction.reference)
        return _wrong(no, diseases, language)


def _heard(text: str, diseases: Diseases, today: date) -> Report | Decision | Correction | Missing:
    return _of_week(text, diseases, today) or _said(text, diseases, today)


def _of_week(text: str, diseases: Diseases, today: date) -> Report | None:
    """A week without cases that is named; None where it is none, or not named."""
    if (found := zeros.named(wording.key(text))) is None:
        return None
    nothing, number = found
    try:
        told = _said(nothing, diseases, today)
    except Unread:
        return None
    if not isinstance(told, Report) or told.kind != "zero":
        return None
    return replace(told, week=zeros.monday(number, diseases.zero.code, today))


def _said(text: str, diseases: Diseases, today: date) -> Report | Decision | Correction | Missing:
    key = wording.key(text)
    decided = deciding.heard(wording.line(text), diseases, today)
    if decided is not None:
        return decided
    rest = after_keyword(key, diseases)
    if rest is None:
        return _without_keyword(key, diseases, today)
    if coded.is_code(rest) and not rest.isdecimal():
        return coded.read(rest, diseases, today)
    return finishing.finished(scan(rest, diseases, today, code_first=True), diseases)


def _without_keyword(key: str, diseases: Diseases, today: date) -> Report | Missing:
    """A code, a week without cases, or a report that begins with its disease and leaves no word over."""
    if coded.is_code(key):
        return coded.read(key, diseases, today)
    if not names_first(key, diseases):
        raise Unread("format", typed=wording.shown(key))
    told = scan(key, diseases, today)
    if told.village and told.disease != diseases.zero.key:
        raise Unread("format", typed=wording.shown(key))
    return finishing.finished(told, diseases)


def _wrong(no: Unread, diseases: Diseases, language: str) -> Wrong:
    """The refusal with names in this language; what is misspelt gets the right spelling, and is not taken for it."""
    values = dict(no.values)
    if "disease" in values:
        disease = diseases.by_key[values["disease"]]
        values = {"example": disease.example(language), **values, "disease": disease.name(language)}
    if "example" not in values:
        values["example"] = diseases.all[0].example(language)
    if no.key == "disease_unknown" and (meant := diseases.closest(values["typed"])):
        values |= {"meant": meant.word(language), "example": meant.example(language)}
        return Wrong("disease_misspelt", values)
    return Wrong(no.key, values)
