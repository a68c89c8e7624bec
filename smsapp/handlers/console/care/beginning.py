"""A child or a pregnancy registered at the console; the mother found by her number, or new."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from smsapp import people, registry
from smsapp.db import transaction
from smsapp.handlers.console import placing
from smsapp.handlers.console.care import here, sentences, terms
from smsapp.handlers.console.care.here import OFF, acting
from smsapp.handlers.console.care.writing import DAYS
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.people import Person
from smsapp.phones import BadNumber, normalise
from smsapp.refusals import Refused
from smsapp.registry import Facts, Unfit
from smsapp.runtime import Runtime
from smsapp.vaccines import codes, desk, mothers
from smsapp.vaccines.registering import Born, Expected


class FamilyForm(FlaskForm):  # type: ignore[misc]
    """What both have: where, and who the mother is."""

    token = HiddenField()
    facility = StringField(
        lazy_gettext("Health centre"),
        sentences.needed("facility_id", "needed"),
        render_kw=OFF | {"list": "centres", "maxlength": 120},
    )
    village = StringField(lazy_gettext("Village"), [Optional()], render_kw=OFF | {"list": "villages", "maxlength": 120})
    number = StringField(
        lazy_gettext("Number of the mother"), [Optional()], render_kw=OFF | {"inputmode": "tel", "maxlength": 80}
    )
    mother = StringField(
        lazy_gettext("Name of the mother"), [Optional(), Length(max=120)], render_kw=OFF | {"maxlength": 120}
    )

    @property
    def key(self) -> str:
        return f"console:{here.named(self.token.data or '')}"


class NewChildForm(FamilyForm):
    born_on = DateField(lazy_gettext("Born on"), sentences.needed("born_on", "needed"), DAYS, sentences.NO_DAY)
    sex = SelectField(lazy_gettext("Sex"), validate_choice=False)
    name = StringField(
        lazy_gettext("Name of the child"), [Optional(), Length(max=60)], render_kw=OFF | {"maxlength": 60}
    )
    born_at = SelectField(lazy_gettext("Place of birth"), validate_choice=False)
    carer = BooleanField(lazy_gettext("The number and name are of somebody who brings the child up in her place"))


class NewPregnancyForm(FamilyForm):
    last_period = DateField(lazy_gettext("First day of the last period"), [Optional()], DAYS, sentences.NO_DAY)
    due_on = DateField(lazy_gettext("Or the expected day of birth"), [Optional()], DAYS, sentences.NO_DAY)
    about = BooleanField(lazy_gettext("Only the month is known"))


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/children/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_new() -> ResponseReturnValue:
        form = NewChildForm(data=_told(rt))
        form.sex.choices = [("", gettext("not told")), *((word, str(label)) for word, label in terms.SEXES.items())]
        places = [SelectChoice(word, label) for word, label in terms.BIRTH_PLACES.items()]
        form.born_at.choices = [SelectChoice("", gettext("not told")), *places]
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    arrived = desk.child(db, rt, me(), _born(db, rt, form), form.key)
                code = codes.of(arrived.child.number)
                said = gettext("Registered with the code %(code)s: write it on the card.", code=code)
                known = gettext("This child was registered already, with the code %(code)s.", code=code)
                flash(said if arrived.new else known, "good" if arrived.new else "warn")
                return redirect(url_for("console.children_one", child_id=arrived.child.id), 303)
            except (Unfit, Refused) as why:
                here.tell(form, why)
        return _page(rt, "new", form)

    @bp.route("/children/pregnancies/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def children_pregnancies_new() -> ResponseReturnValue:
        form = NewPregnancyForm(data=_told(rt))
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    file, new = desk.pregnancy(db, rt, me(), _expected(db, rt, form), form.key)
                code = codes.of(file.number)
                said = gettext("Registered with the code %(code)s: write it on the card.", code=code)
                known = gettext("She has an open file already, with the code %(code)s.", code=code)
                flash(said if new else known, "good" if new else "warn")
                return redirect(url_for("console.children_pregnancy", pregnancy_id=file.id), 303)
            except (Unfit, Refused) as why:
                here.tell(form, why)
        return _page(rt, "pregnancies_new", form)


def _told(rt: Runtime) -> dict[str, Any]:
    """What an empty form begins with."""
    with transaction(rt.sessions) as db:
        only = placing.facilities(db, me().scope)
    return {"token": here.token(), "facility": only[0] if len(only) == 1 else ""}


def _page(rt: Runtime, name: str, form: FamilyForm) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        offered, mine = placing.facilities(db, me().scope), me().scope.facilities
        villages = here.villages(db, next(iter(mine))) if mine is not None and len(mine) == 1 else ()
    told = {"offered": offered, "villages": villages}
    return render_template(f"console/care/{name}.html", form=form, **told), here.status(form)


def _born(db: Session, rt: Runtime, form: NewChildForm) -> Born:
    data = form.data
    centre, village = _where(db, form)
    person = _family(db, rt, form, centre)
    if data["sex"] and data["sex"] not in terms.SEXES:
        raise Unfit("sex", "unknown")
    return Born(
        data["born_on"],
        centre,
        mother_id=None if data["carer"] else person.id,
        carer_id=person.id if data["carer"] else None,
        sex=data["sex"] or None,
        name=mothers.name_of(data["name"]),
        village_id=village,
        born_at=data["born_at"] if data["born_at"] in terms.BIRTH_PLACES else None,
    )


def _expected(db: Session, rt: Runtime, form: NewPregnancyForm) -> Expected:
    data = form.data
    centre, village = _where(db, form)
    when = {"last_period": data["last_period"], "due_on": None if data["last_period"] else data["due_on"]}
    if not any(when.values()):
        raise Refused("care.period_missing")
    person = _family(db, rt, form, centre)
    return Expected(person.id, centre, **when, exact=not data["about"], village_id=village)


def _where(db: Session, form: FamilyForm) -> tuple[int, int | None]:
    """One of our centres, and a village of it where one is named."""
    centre = placing.facility_called(db, form.facility.data or "")
    if centre is None:
        raise Unfit("facility_id", "needed")
    if not (written := (form.village.data or "").strip()):
        return centre, None
    called = [place for place in registry.places_called(db, written) if place.parent_id == centre]
    if len(called) != 1 or called[0].kind != "village":
        raise Unfit("village", "unknown")
    return centre, called[0].id


def _family(db: Session, rt: Runtime, form: FamilyForm, centre: int) -> Person:
    """By her number where she has one; without one somebody new with a name."""
    number, name = (form.number.data or "").strip(), mothers.name_of(form.mother.data)
    if not number:
        if name is None:
            raise Unfit("mother", "nothing")
        return registry.add(db, rt, me(), Facts(name, None, centre, frozenset({"mother"})))
    try:
        told = normalise(number, rt.settings.country)
    except BadNumber as why:
        raise Unfit("number", why.reason) from why
    held = people.behind(db, told)
    if not held and name is None:
        raise Unfit("mother", "unknown")
    if len(held) > 1 and name is None:
        raise Unfit("mother", "several")
    meant = [one.id for one in held if name and (one.name or "").casefold() == name.casefold()]
    other = bool(name) and not meant and bool(held) and all(one.name for one in held)
    return mothers.of_number(db, rt, told, centre, name=name, chosen=next(iter(meant), None), another=other)
