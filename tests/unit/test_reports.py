"""Reports of suspected cases as workers send them; every row of `reports.yaml`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from smsapp import yamls
from smsapp.segments import fold, septets
from smsapp.surveillance import diseases, reports, writing
from smsapp.surveillance.said import Correction, Decision, Missing, Report, Wrong
from tests.flowkit import TEXTS

ROWS = yamls.typed(Path(__file__).parent / "reports.yaml")
ML = diseases.of_country("ML")
TODAY = ROWS["today"]
EMPTY = {"sex": None, "age": None, "count": 1, "village": "", "since": None, "died": 0, "numbers": None}


def heard(text, language="fr"):
    return reports.parse(text, ML, language, TODAY)


def rows(*names):
    return [pytest.param(row, id=row["text"]) for name in names for row in ROWS[name]]


def facts(report):
    """A report as the rows have it."""
    age, numbers = report.age, report.numbers
    told = {name: getattr(report, name) for name in EMPTY} | {"kind": report.kind, "disease": report.disease}
    told["age"] = age and (age.group if age.count is None else f"{age.count} {age.unit}")
    told["numbers"] = numbers and numbers.typed()
    return told


def refused(said, row):
    assert isinstance(said, Wrong), said
    assert said.key == row["wrong"]
    assert said.values.items() >= row.get("values", {}).items()
    assert said.values["example"]
    for language in ("fr", "bm", "en"):
        sentence = TEXTS.find(language, f"refused.case.{said.key}").format_map(said.values)
        assert septets(fold(sentence)) <= 182


@pytest.mark.parametrize("row", rows("codes", "words"))
def test_a_report_is_read_as_it_is_written(row):
    said = heard(row["text"])
    if "wrong" in row:
        return refused(said, row)
    assert isinstance(said, Report), said
    assert facts(said) == EMPTY | row["then"]
    assert said.raw == row["text"]
    return None


@pytest.mark.parametrize("text", ROWS["zeros"])
def test_a_week_without_cases_is_told_in_many_words(text):
    said = heard(text)
    assert isinstance(said, Report)
    assert said.kind == "zero"


@pytest.mark.parametrize("row", rows("missing"))
def test_what_is_missing_is_named(row):
    said = heard(row["text"])
    assert isinstance(said, Missing), said
    assert said.what == row["what"]


@pytest.mark.parametrize("row", rows("answers"))
def test_the_answer_to_a_question_completes_its_report(row):
    asked = heard(row["text"])
    said = reports.answered(asked, row["then"], ML, "fr", TODAY)
    assert said == heard(row["like"])


def test_an_answer_that_does_not_fit_is_refused_or_asked_again():
    asked = heard("CAS ROUGEOLE")
    assert reports.answered(asked, "300", ML, "fr", TODAY).key == "age_limit"
    assert reports.answered(asked, "Kourouba", ML, "fr", TODAY).what == "age"


@pytest.mark.parametrize("row", rows("decisions"))
def test_a_decision_names_its_alert(row):
    said = heard(row["text"])
    if "wrong" in row:
        return refused(said, row)
    assert isinstance(said, Decision), said
    told = {"verdict": said.verdict, "reference": said.reference, "reason": said.reason, "since": said.since}
    assert told == {"reason": "", "since": None} | row["then"]
    return None


@pytest.mark.parametrize("row", [pytest.param(row, id=row["then"]) for row in ROWS["corrections"]])
def test_a_correction_changes_what_it_names(row):
    correction = heard(row["then"])
    assert isinstance(correction, Correction), correction
    assert correction.reference == 123
    now = reports.corrected(heard(row["text"]), correction, ML, "fr")
    if "wrong" in row:
        return refused(now, row)
    if "missing" in row:
        assert now.what == row["missing"]
        return None
    assert now == heard(row["like"])
    return None


@pytest.mark.parametrize("row", rows("refused"))
def test_what_is_wrong_is_said(row):
    refused(heard(row["text"], row.get("language", "fr")), row)


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
@pytest.mark.parametrize("disease", ML.all, ids=lambda disease: disease.key)
def test_every_disease_is_read_by_each_of_its_names(disease, language):
    for word in disease.spellings[language]:
        for text in (word, word.upper(), word.title()):
            said = heard(f"CAS {text}" if disease.kind in {"event", "zero"} else f"CAS {text} F <5")
            assert isinstance(said, Report), (text, said)
            assert said.disease == disease.key
    assert heard(str(disease.code)).disease == disease.key


def test_a_text_of_any_length_gets_an_answer():
    assert heard("CAS ROUGEOLE F 3 " * 600).key == "too_long"
    assert heard("CAS ROUGEOLE F 3 " + "x" * 800).village == "x" * 800


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("99 S46", 46),
        ("99s45", 45),
        ("RAS semaine 45", 45),
        ("ras, de la semaine 46", 46),
        ("CAS 99 SEM 44", 44),
        ("zero week 46", 46),
        ("99", None),
    ],
)
def test_a_week_without_cases_may_be_named(text, week):
    said = reports.parse(text, ML, "fr", date(2026, 11, 22))
    assert (said.kind, said.week) == ("zero", week and date.fromisocalendar(2026, week, 1))
    assert reports.parse(writing.render(said, ML), ML, "fr", date(2026, 11, 22)) == said


def test_a_named_week_lies_in_the_year_in_which_it_was_last():
    assert reports.parse("99 S52", ML, "fr", date(2026, 1, 6)).week == date(2025, 12, 22)
    for text in ("99 S60", "99 S0", "99 S20", "99 S48"):
        said = reports.parse(text, ML, "fr", date(2026, 11, 22))
        assert (said.key, said.values["example"]) == ("week", "99 S46")
    assert reports.parse("CAS ROUGEOLE F 3 semaines", ML, "fr", date(2026, 11, 22)).kind == "case"
