"""Reports as a person would type them: read again they are the same."""

from __future__ import annotations

from smsapp.surveillance import zeros
from smsapp.surveillance.ages import UNDER, Age
from smsapp.surveillance.diseases import Diseases
from smsapp.surveillance.said import Correction, Decision, Report, Said, Told

VERDICTS = {"real": "V", "false": "F", "more": "?", "withdraw": "RETIRE"}
SEXES = {"male": "M", "female": "F"}
UNITS = {"years": "ANS", "months": "MOIS", "weeks": "SEM", "days": "JOURS"}


def render(said: Said, diseases: Diseases) -> str:
    """A message that says this."""
    if isinstance(said, Decision):
        return f"{VERDICTS[said.verdict]} {said.reference} {said.since or said.reason}".strip()
    if isinstance(said, Correction):
        change = said.change
        facts = _coded(change, diseases) if isinstance(change, Report) else _facts(change, diseases)
        return f"CORRIGE {said.reference} {facts}"
    if said.kind in {"case", "event"}:
        return f"CAS {_facts(_told(said, diseases), diseases)}"
    if said.week is not None:
        return zeros.written(diseases.zero.code, said.week)
    return _coded(said, diseases)


def _coded(report: Report, diseases: Diseases) -> str:
    numbers = report.numbers.typed() if report.numbers else []
    code = "#".join(map(str, [diseases.by_key[report.disease].code, *numbers]))
    return f"{code} {report.village}".strip()


def _told(report: Report, diseases: Diseases) -> Told:
    """With its count where a number follows that belongs to the village."""
    unsaid = report.count == diseases.by_key[report.disease].counts
    return Told(
        disease=report.disease,
        sex=report.sex,
        age=report.age,
        age_unknown=report.kind == "case" and report.age is None,
        count=None if unsaid and not any(map(str.isdecimal, report.village)) else report.count,
        village=report.village,
        since=report.since,
        died=report.died or None,
    )


def _facts(told: Told, diseases: Diseases) -> str:
    """Between commas, across which no two facts are read as one."""
    facts = (
        diseases.by_key[told.disease].word() if told.disease else "",
        SEXES[told.sex] if told.sex else "",
        _age(told.age, told.bare) if told.age else "",
        "INCONNU" if told.age_unknown else "",
        f"{told.count} CAS" if told.count is not None else "",
        f"{told.died} MORTS" if told.died is not None else "",
        told.since.isoformat() if told.since else "",
        told.village.upper() if told.village.isascii() else told.village,
    )
    return ", ".join(filter(None, facts))


def _age(age: Age, bare: bool) -> str:
    if age.count is None:
        return "<5" if age.group == UNDER else ">=5"
    return str(age.count) if bare else f"{age.count} {UNITS[age.unit]}"
