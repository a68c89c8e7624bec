"""The files of diseases: each can be used, and a wrong one says where it is wrong."""

from __future__ import annotations

import copy
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsapp import yamls
from smsapp.segments import encoding, fold, septets
from smsapp.surveillance import diseases, reports, rules
from smsapp.surveillance.ages import OVER, UNDER, Age
from smsapp.surveillance.diseases import BadDiseases
from smsapp.surveillance.facts import Deadline
from smsapp.surveillance.said import Report
from smsapp.surveillance.sevenoneseven import ACTIONS

FILES = sorted(diseases.FOLDER.glob("*.yaml"))
ML = diseases.of_country("ML")
WRITTEN = yamls.plain(diseases.FOLDER / "ml.yaml")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_country_has_diseases_that_can_be_used(path):
    known = diseases.of_country(path.stem.upper())
    assert known.country == path.stem.upper()
    for disease in known.all:
        assert disease.status == "confirmed" or disease.status == "likely" or disease.unsure
        assert len(known.named[diseases.wording.phrase(disease.word())].value) > 0
        for language in diseases.LANGUAGES:
            assert isinstance(reports.parse(disease.example(language), known, language, date(2026, 11, 22)), Report)
            sent = fold(disease.advises(language))
            assert encoding(sent) == "GSM-7"
            assert septets(sent) <= 160
            assert known.closest(disease.word(language)) == disease


def test_what_holds_for_every_disease():
    facts = ML.facts
    assert facts.deadlines["village"] == Deadline(0, time(12, 0))
    assert facts.silent_weeks == 2
    assert (facts.verification.hours, facts.verification.risk_hours, facts.verification.needed) == (24, 48, 2)
    assert facts.verification.facts == ("sign", "date", "place", "age")
    assert tuple(facts.early_actions) == ACTIONS


def test_what_nobody_reviewed_is_not_told():
    assert ML.unreviewed == {"bm"}
    assert [ML.told_in(language) for language in diseases.LANGUAGES] == ["fr", "fr", "en"]


IMMEDIATE = {disease.key for disease in ML.all if disease.immediate}
ONE_IS_ENOUGH = {rule.disease for rule in rules.usual() if rule.kind == rules.CASE and not rule.only}


def test_one_case_of_what_is_told_at_once_is_an_alert():
    clusters = {"covid_ari", "death_cluster"}  # of which there have to be several
    assert IMMEDIATE - clusters == ONE_IS_ENOUGH


def test_every_rule_is_of_a_disease_and_every_disease_has_a_rule():
    assert {rule.disease for rule in rules.usual()} == {disease.key for disease in ML.all} - {"zero_report"}


def test_an_alert_that_nobody_answers_climbs():
    normal, urgent = ML.by_key["measles"].escalation, ML.by_key["vhf"].escalation
    assert (normal.resend, normal.next, normal.told["alert"]) == (30, 120, ["facility"])
    assert urgent.told["epidemic"] == ["facility", "district", "region"]


def test_ages_of_a_definition():
    afp, newborn = ML.by_key["afp"].ages, ML.by_key["neonatal_death"].ages
    child, cholera = ML.by_key["malnutrition"].ages, ML.by_key["cholera"].ages
    assert afp.hold(Age.of(14, "years"))
    assert not afp.hold(Age.of(15, "years"))
    assert newborn.hold(Age.of(27, "days"))
    assert not newborn.hold(Age.of(28, "days"))
    assert newborn.hold(Age(UNDER))
    assert not newborn.hold(Age(OVER))
    assert child.hold(Age.of(59, "months"))
    assert not child.hold(Age.of(5, "months"))
    assert cholera.hold(Age.of(5, "years"))
    assert not cholera.hold(Age(UNDER))
    assert Age.of(30, "months").months == 30
    assert Age.of(3, "years").months == 36
    assert Age(UNDER).months is None


FEW = {"measles", "meningitis", "cholera", "afp", "covid_ari", "zero_report"}


def few():
    told = copy.deepcopy(WRITTEN)
    told["diseases"] = [disease for disease in told["diseases"] if disease["key"] in FEW]
    return told


def of(told, key):
    return next(disease for disease in told["diseases"] if disease["key"] == key)


WRONGS = {
    "measles: kind": lambda t: of(t, "measles").update(kind="sometimes"),
    "measles: status": lambda t: of(t, "measles").update(status="sure"),
    "two diseases have one key or code": lambda t: of(t, "measles").update(code="2"),
    "measles: the code 0": lambda t: of(t, "measles").update(code="0"),
    "measles: 'advice'": lambda t: of(t, "measles").pop("advice"),
    "measles: advice lack bm": lambda t: of(t, "measles")["advice"].pop("bm"),
    "measles: the advice in en is more than one part": lambda t: of(t, "measles")["advice"].update(en="a" * 161),
    "measles: the advice in fr is more than one part": lambda t: of(t, "measles")["advice"].update(fr="ⴰ"),
    "measles: the action fly": lambda t: of(t, "measles").update(actions=["fly"]),
    "measles: needs an escalation": lambda t: of(t, "measles").pop("escalation"),
    "measles: 'never'": lambda t: of(t, "measles").update(escalation="never"),
    "afp: 'young'": lambda t: of(t, "afp").update(ages={"under": "young"}),
    "'ROUGEOLE' means measles too": lambda t: of(t, "cholera")["spellings"]["fr"].append("ROUGEOLE"),
    "'mort' is another word of reports": lambda t: of(t, "cholera")["spellings"]["fr"].append("mort"),
    "`resend` comes before `next`": lambda t: t["escalations"]["normal"].update(resend="500"),
    "nobody is told": lambda t: t["escalations"]["normal"]["told"].update(alert=[]),
    "'king' is none of": lambda t: t["escalations"]["normal"]["told"].update(alert=["king"]),
    "one disease of kind zero": lambda t: t["diseases"].pop(),
    "early_actions are investigation": lambda t: t["facts"]["early_actions"].pop("analysis"),
    "treat has no name in en": lambda t: t["facts"]["actions"]["treat"].pop("en"),
    "'noon' is no time": lambda t: t["facts"]["weekly"].update(village="noon"),
    "`needed`": lambda t: t["facts"]["verification"].update(needed="5"),
    "`silent_weeks`": lambda t: t["facts"]["weekly"].update(silent_weeks="0"),
    "measles: spellings are lists": lambda t: of(t, "measles")["spellings"].update(fr="rougeole"),
    "'limits'": lambda t: t.pop("limits"),
}


@pytest.mark.parametrize("says", WRONGS)
def test_a_wrong_file_says_where(says):
    told = few()
    WRONGS[says](told)
    with pytest.raises(BadDiseases) as no:
        diseases.understood(told, "xx.yaml")
    assert str(no.value).startswith("xx.yaml: ")
    assert says in str(no.value)


def places(told, path=()):
    """Where something stands in a file."""
    for key in told if isinstance(told, dict) else range(len(told)) if isinstance(told, list) else ():
        yield (*path, key)
        yield from places(told[key], (*path, key))


@given(
    st.sampled_from(list(places(few()))),
    st.sampled_from(["", "x", "0", "-1", "9" * 30, "ⴰ", [], {}, ["x"], {"x": "y"}]),
)
def test_a_file_with_anything_in_it_is_used_or_refused(path, value):
    told = few()
    within = told
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    try:
        assert diseases.understood(told, "xx.yaml").zero
    except BadDiseases as no:
        assert str(no).startswith("xx.yaml: ")  # noqa: PT017


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "country: XX"])
def test_what_is_no_file_of_diseases_is_refused(tmp_path, text):
    path = tmp_path / "xx.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDiseases, match=r"xx\.yaml"):
        diseases.read(path)


def test_a_country_without_a_file_is_named():
    with pytest.raises(BadDiseases, match=r"fr\.yaml"):
        diseases.of_country("FR")
