"""The rules that alert, by disease in plain words; administrators change them, once they saw what that would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from smsapp.db import transaction
from smsapp.handlers.console.alerts import here, rule_form, rule_words, sentences, terms
from smsapp.handlers.console.guard import ADMINISTRATORS, ANYBODY, allowed, me
from smsapp.runtime import Runtime
from smsapp.surveillance import reading, rulebook, rules
from smsapp.surveillance.rulebook import Overtaken, Replayed, Version
from smsapp.surveillance.rules import BadRule, Rule
from smsapp.surveillance.signals import Signal
from smsapp.surveillance.tables import Alert

ONE = "/surveillance/rules/<rule_key>"
YEAR = timedelta(days=365)
MOST_SHOWN = 100  # alerts of a trial
DIGITS = 9  # of the number of a version
OVERTAKEN = lazy_gettext("Somebody changed the rules meanwhile. Open them again before you change them.")
NO_NOTE = lazy_gettext("Say why, for example “guide of 2026”.")


@dataclass(frozen=True)
class Form:
    """A rule that is being written: of which disease and kind, what is typed, and what came of it."""

    key: str
    disease: str
    kind: str
    told: Mapping[str, Any]
    held: Rule | None
    upon: int
    note: str = ""
    problem: str = ""
    wrong: str = ""  # the field that the problem is about
    rule: Rule | None = None  # what it makes
    trial: Replayed | None = None
    shown: Sequence[tuple[Signal, str, str]] = ()
    lacking: Sequence[int] = ()  # years without which it is met nowhere


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/rules")
    @allowed(ANYBODY)
    def surveillance_rules() -> str:
        with transaction(rt.sessions) as db:
            held, version = rulebook.current(db), rulebook.latest(db)
            lacking = {rule.key: rulebook.lacking(db, rule, rt.local_now().date()) for rule in held}
        diseases = terms.diseases(rt)
        asked = here.asked("disease")
        chosen = [key for key in diseases if asked.get("disease", key) == key]
        by_disease = {key: [rule for rule in held if rule.disease == key] for key in chosen}
        told = {"by_disease": by_disease, "diseases": diseases, "asked": asked, "version": version, "lacking": lacking}
        return render_template("console/alerts/rules.html", says=rule_words, terms=terms, **told)

    @bp.get("/surveillance/rules/versions")
    @allowed(ANYBODY)
    def surveillance_rules_versions() -> str:
        with transaction(rt.sessions) as db:
            found = rulebook.history(db)
        told = {"versions": _changes(found), "diseases": terms.diseases(rt)}
        return render_template("console/alerts/rule_versions.html", says=rule_words, terms=terms, **told)

    _writing(bp, rt)


def _writing(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/surveillance/rules/new")
    @allowed(ADMINISTRATORS)
    def surveillance_rules_new() -> str:
        with transaction(rt.sessions) as db:
            disease, kind = request.args.get("disease", ""), request.args.get("kind", "")
            if disease not in terms.diseases(rt) or kind not in rules.KINDS:
                told = {"diseases": terms.diseases(rt), "asked": here.asked("disease")}
                return render_template("console/alerts/rule_new.html", says=rule_words, **told)
            form = Form("", disease, kind, {"level": rules.ALERT, "within": "village"}, None, rulebook.latest(db))
        return _page(rt, form)

    @bp.post("/surveillance/rules/new")
    @allowed(ADMINISTRATORS)
    def surveillance_rules_add() -> ResponseReturnValue:
        disease, kind = request.form.get("disease", ""), request.form.get("kind", "")
        if disease not in terms.diseases(rt) or kind not in rules.KINDS:
            abort(400)
        return _sent(rt, "", disease, kind)

    @bp.get(ONE)
    @allowed(ADMINISTRATORS)
    def surveillance_rules_one(rule_key: str) -> str:
        with transaction(rt.sessions) as db:
            held = _held(db, rule_key)
            form = Form(held.key, held.disease, held.kind, rule_form.typed(held), held, rulebook.latest(db))
        return _page(rt, form)

    @bp.post(ONE)
    @allowed(ADMINISTRATORS)
    def surveillance_rules_change(rule_key: str) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            held = _held(db, rule_key)
        return _sent(rt, held.key, held.disease, held.kind)

    _removing(bp, rt)


def _removing(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{ONE}/remove")
    @allowed(ADMINISTRATORS)
    def surveillance_rules_remove(rule_key: str) -> ResponseReturnValue:
        note = _note()
        with transaction(rt.sessions) as db:
            held = _held(db, rule_key)
            if not note:
                flash(str(NO_NOTE), "bad")
                return redirect(url_for("console.surveillance_rules_one", rule_key=held.key), 303)
            rest = [rule for rule in rulebook.current(db) if rule.key != held.key]
            try:
                rulebook.save(db, rest, note, me().id, rt.now(), upon=_upon())
            except Overtaken:
                flash(str(OVERTAKEN), "bad")
                return redirect(url_for("console.surveillance_rules_one", rule_key=held.key), 303)
            here.note(db, rt, "surveillance.rule_removed", rule=held.key)
        flash(gettext("The rule is removed. From now on it alerts nobody."), "good")
        return redirect(url_for("console.surveillance_rules", disease=held.disease), 303)


def _held(db: Session, key: str) -> Rule:
    """The rule of this name, or 404."""
    return next((rule for rule in rulebook.current(db) if rule.key == key), None) or abort(404)


def _note() -> str:
    return " ".join(request.form.get("note", "").replace("\0", "").split())[: rulebook.LONGEST_NOTE]


def _upon() -> int:
    """The version that the form was made from."""
    told = request.form.get("upon", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) <= DIGITS else 0


def _sent(rt: Runtime, key: str, disease: str, kind: str) -> ResponseReturnValue:
    """Try a rule out, or keep it once it was."""
    told = rule_form.sent(kind, request.form)
    with transaction(rt.sessions) as db:
        held = next((rule for rule in rulebook.current(db) if rule.key == key), None)
        form = Form(key, disease, kind, told, held, _upon(), _note())
        try:
            rule = rule_form.read(key or _fresh(db, disease, kind), disease, kind, told, held)
        except BadRule as wrong:
            name = "silence" if wrong.why == "silence" else str(wrong.values.get("name", ""))
            return _page(rt, replace(form, problem=rule_words.refused(wrong), wrong=name)), 422
        problem = ""
        if request.form.get("save") and request.form.get("tried") == rule_form.seal(rule):
            problem = _kept(db, rt, rule, form.note, form.upon)
            if not problem:
                return redirect(url_for("console.surveillance_rules", disease=disease), 303)
        elif request.form.get("save"):
            problem = gettext("You changed the rule since you tried it out.")
        form = _tried(db, rt, replace(form, problem=problem, rule=rule), rule)
    return _page(rt, form), 422 if problem else 200


def _fresh(db: Session, disease: str, kind: str) -> str:
    every = [*rules.usual(), *rulebook.current(db), *(one for v in rulebook.history(db) for one in v.rules)]
    return rule_form.fresh_key(disease, kind, {rule.key for rule in every})


def _kept(db: Session, rt: Runtime, rule: Rule, note: str, upon: int) -> str:
    """Keep the rule in a new version; else why not."""
    if not note:
        return str(NO_NOTE)
    before = rulebook.current(db)
    known = [rule if one.key == rule.key else one for one in before]
    try:
        rulebook.save(db, known if rule in known else [*known, rule], note, me().id, rt.now(), upon=upon)
    except Overtaken:
        return str(OVERTAKEN)
    here.note(db, rt, "surveillance.rule_kept", rule=rule.key)
    flash(gettext("The rule is kept. It holds from now on."), "good")
    return ""


def _tried(db: Session, rt: Runtime, form: Form, rule: Rule) -> Form:
    """With what it would have raised last year, and of each alert its place and why."""
    today = rt.local_now().date()
    trial = rulebook.replayed(db, rule, today - YEAR, today)
    latest = sorted(trial.signals, key=lambda one: (one.day, one.key), reverse=True)[:MOST_SHOWN]
    names = reading.places(db, {one.place for one in latest if one.place is not None})
    shown = [
        (one, names.get(one.place or 0, ""), sentences.why(Alert(numbers=dict(one.numbers), within=one.area), rule))
        for one in latest
    ]
    return replace(form, trial=trial, shown=shown, lacking=rulebook.lacking(db, rule, today))


def _page(rt: Runtime, form: Form) -> str:
    names = terms.diseases(rt)
    told = {"form": form, "fields": rule_form.fields(form.kind), "name": names.get(form.disease, form.disease)}
    new = {one.key for one in form.trial.more} if form.trial else set()
    seal = rule_form.seal(form.rule) if form.rule else ""
    return render_template(
        "console/alerts/rule_one.html", says=rule_words, terms=terms, rules=rules, seal=seal, new=new, **told
    )


def _changes(found: Sequence[Version]) -> list[tuple[Version, list[tuple[Rule | None, Rule | None]]]]:
    """Each version, and the rules that it changed: as they became, and as they were."""
    before = [*(version.rules for version in found[1:]), rules.usual()]
    changes = [list(rulebook.changed(version.rules, old).values()) for version, old in zip(found, before, strict=False)]
    return list(zip(found, changes, strict=True))
