"""Reports in numbers: a disease's code alone, `1#1#2`, `1#0#2#0#1`; strict, since a guess would be another disease."""

from __future__ import annotations

import re
from datetime import date

from smsapp.surveillance.ages import OVER, UNDER, Age, Group
from smsapp.surveillance.diseases import Disease, Diseases
from smsapp.surveillance.finishing import check_sex
from smsapp.surveillance.pieces import CODE, meant_code
from smsapp.surveillance.said import Kind, Numbers, Report, Sex, Told, Unread
from smsapp.surveillance.scanning import scan
from smsapp.surveillance.wording import shown

EXAMPLE = CODE
SEXES: dict[str, Sex] = {"1": "male", "2": "female"}
GROUPS: dict[str, Group] = {"1": UNDER, "2": OVER}
ONE = 3  # fields
SUMS: dict[int, Kind] = {5: "aggregate", 8: "collection"}
_LIKE_CODE = re.compile(r"(?=[^0-9]*[0-9])[0-9o]*(?:\s*[#*]\s*[0-9o]*)*(?:(?:\s+|[,;.:/-])[0-9o]+)*")
_BEGINS = re.compile(r"[0-9o]+\s*[#*]")
_SPACED = re.compile(r"[0-9o]+(?:[\s,;.:/#*-]+[0-9o]+)+")
_END = " .,;:!"
_EMPTY = re.compile(r"[#*]\s*[#*]")
_VILLAGE = re.compile(r"(?P<code>[0-9o#*]*[#*][0-9o]*) (?P<village>[^\W\d_][^#*]*)")


def is_code(text: str) -> bool:
    """Whether a key is a report in numbers, well written or not."""
    text = text.rstrip(_END)
    return bool(_LIKE_CODE.fullmatch(text) or _BEGINS.match(text))


def read(text: str, diseases: Diseases, today: date) -> Report:
    """The report of a key that is a code; a village may stand behind it."""
    text, village = text.rstrip(_END), ""
    if found := _VILLAGE.fullmatch(text):
        told = scan(found["village"], diseases, today)
        if told != Told(village=told.village):
            raise Unread("code_fields", typed=shown(text), example=EXAMPLE)
        text, village = found["code"], told.village
    return _report(_fields(text, diseases), village, diseases)


def _report(fields: list[str], village: str, diseases: Diseases) -> Report:
    disease = _disease(fields[0], diseases)
    if disease.kind in {"event", "zero"} and len(fields) > 1:
        raise Unread(f"{disease.kind}_alone", disease=disease.key, example=disease.code)
    if disease.kind == "zero":
        return Report("zero", disease.key)
    if len(fields) == 1:
        kind: Kind = "event" if disease.kind == "event" else "case"
        return Report(kind, disease.key, count=disease.counts, village=village)
    if len(fields) == ONE:
        return Report("case", disease.key, _sex(fields[1], disease), _age(fields[2]), village=village)
    if len(fields) not in SUMS:
        raise Unread("code_fields", typed=shown("#".join(fields)), example=EXAMPLE)
    numbers = Numbers(*(_number(field, disease, diseases) for field in fields[1:]))
    _check_sum(numbers, disease, diseases)
    return Report(SUMS[len(fields)], disease.key, count=numbers.cases, village=village, numbers=numbers)


def _fields(text: str, diseases: Diseases) -> list[str]:
    if "#" in text and "*" in text:
        raise Unread("code_mixed", typed=shown(text), meant=meant_code(text, diseases), example=EXAMPLE)
    fields = text.replace("o", "0").replace("*", "#").split("#")
    if not all(map(str.isdecimal, fields)):
        key = "code_spaces" if _SPACED.fullmatch(text) and not _EMPTY.search(text) else "code_fields"
        raise Unread(key, typed=shown(text), meant=meant_code(text, diseases), example=EXAMPLE)
    return fields


def _disease(field: str, diseases: Diseases) -> Disease:
    if field.startswith("0"):
        raise Unread("code_zero", typed=shown(field), example=EXAMPLE)
    disease = diseases.by_code.get(int(field)) if len(field) < 3 else None
    if disease is None:
        raise Unread("code_unknown", typed=shown(field))
    return disease


def _sex(field: str, disease: Disease) -> Sex:
    if field not in SEXES:
        raise Unread("sex_code", typed=shown(field), example=EXAMPLE)
    check_sex(SEXES[field], disease)
    return SEXES[field]


def _age(field: str) -> Age:
    if field not in GROUPS:
        raise Unread("age_code", typed=shown(field), example=EXAMPLE)
    return Age(GROUPS[field])


def _number(field: str, disease: Disease, diseases: Diseases) -> int:
    most = diseases.limits.cases
    if len(field) > 9 or int(field) > most:
        raise Unread("count_limit", typed=shown(field), most=most, example=disease.sums)
    return int(field)


def _check_sum(numbers: Numbers, disease: Disease, diseases: Diseases) -> None:
    """Together they are as many as one report can have."""
    most = diseases.limits.cases
    if numbers.cases > most:
        raise Unread("count_limit", typed=numbers.cases, most=most, example=disease.sums)
    if not numbers.cases:
        raise Unread("count_none", typed=0, example=disease.sums)
    if (numbers.died or 0) > numbers.cases:
        raise Unread("died_limit", typed=numbers.died, cases=numbers.cases, disease=disease.key)
    for sex, count in (
        ("male", numbers.male_under_five + numbers.male_five_or_more),
        ("female", numbers.female_under_five + numbers.female_five_or_more),
    ):
        check_sex(sex if count else None, disease)
