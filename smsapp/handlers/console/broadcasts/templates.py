"""Templates in the console: the list, and making, changing and deleting one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from smsapp.broadcasts import Problem, Template, choices, templates
from smsapp.broadcasts.templates import Wish
from smsapp.db import transaction
from smsapp.handlers.console import words
from smsapp.handlers.console.broadcasts.form import LARGEST_ID
from smsapp.handlers.console.broadcasts.saying import VARIABLES, found, said
from smsapp.handlers.console.guard import ALL, WRITERS, allowed, me
from smsapp.runtime import Runtime

ONE = "/broadcasts/templates/<int:template_id>"
INDENT = "\u2003"


class TemplateForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name"), render_kw={"maxlength": 120, "autocomplete": "off"})
    place = SelectField(lazy_gettext("For"), validate_choice=False)

    def wish(self) -> Wish:
        texts = {n.removeprefix("text_"): f.data or "" for n, f in self._fields.items() if n.startswith("text_")}
        raw = self.place.data or ""
        known = raw.isascii() and raw.isdecimal() and len(raw) < 10
        return Wish(self.name.data or "", int(raw) if known else None, texts)

    def tell(self, problem: Problem) -> None:
        first = next(name for name in self._fields if name.startswith("text_"))
        about = first if problem.about == "text" else problem.about
        field = self[about] if about in self._fields else self.name
        field.errors = [*field.errors, said(problem)]


def register(bp: Blueprint, rt: Runtime) -> None:
    _pages(bp, rt)
    _changes(bp, rt)


def _pages(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/broadcasts/templates")
    @allowed(ALL)
    def broadcasts_templates() -> str:
        with transaction(rt.sessions) as db:
            rows = templates.seen(db, me().scope)
        return render_template("console/broadcasts/templates.html", rows=rows)

    @bp.get(ONE)
    @allowed(ALL)
    def broadcasts_template(template_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            template = _found(db, template_id)
        return _page(rt, _form(rt, template), template)


def _changes(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/broadcasts/templates/new", methods=["GET", "POST"])
    @allowed(WRITERS)
    def broadcasts_template_new() -> ResponseReturnValue:
        if request.method == "POST":
            return _keep(rt, None)
        return _page(rt, _form(rt, None), None)

    @bp.post(ONE)
    @allowed(WRITERS)
    def broadcasts_template_keep(template_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            template = _found(db, template_id)
        return _keep(rt, template)

    @bp.post(f"{ONE}/remove")
    @allowed(WRITERS)
    def broadcasts_template_remove(template_id: int) -> ResponseReturnValue:
        try:
            with transaction(rt.sessions) as db:
                templates.remove(db, rt, me(), _found(db, template_id))
        except Problem as why:
            flash(said(why), "bad")
            return redirect(url_for("console.broadcasts_template", template_id=template_id), 303)
        flash(gettext("The template is deleted."), "good")
        return redirect(url_for("console.broadcasts_templates"), 303)


def _keep(rt: Runtime, template: Template | None) -> ResponseReturnValue:
    form = _form(rt, template)
    try:
        with transaction(rt.sessions) as db:
            templates.keep(db, rt, me(), _found(db, template.id) if template else None, form.wish())
    except Problem as why:
        form.tell(why)
        return _page(rt, form, template)
    flash(gettext("The template is kept."), "good")
    return redirect(url_for("console.broadcasts_templates"), 303)


def _page(rt: Runtime, form: TemplateForm, template: Template | None) -> ResponseReturnValue:
    changes = me().may_write and (template is None or templates.may_change(me(), template))
    shown: dict[str, Any] = {"form": form, "template": template, "changes": changes, "variables": VARIABLES}
    body = render_template("console/broadcasts/template.html", languages=rt.settings.languages, **shown)
    return body, 422 if form.errors else 200


def _form(rt: Runtime, template: Template | None) -> TemplateForm:
    """Filled as it is kept; a new one with the texts of a broadcast, if it comes from there."""
    fields = {f"text_{code}": TextAreaField(words.language_name(code)) for code in rt.settings.languages}
    with transaction(rt.sessions) as db:
        texts = template.texts if template else _texts_of(db)
        offered = choices.places(db, me().scope)
    data = {f"text_{code}": text for code, text in texts.items()}
    if template:
        data |= {"name": template.name, "place": "" if template.place_id is None else str(template.place_id)}
    form: TemplateForm = type("Form", (TemplateForm,), fields)(data=data)
    everybody = [SelectChoice("", gettext("all places"))] if me().scope.facilities is None else []
    below = [SelectChoice(str(one.id), INDENT * one.depth + one.name) for one in offered]
    form.place.choices = [*everybody, *below]
    return form


def _texts_of(db: Session) -> dict[str, str]:
    raw = request.args.get("broadcast", "")
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 19):
        return {}
    return dict(found(db, int(raw)).texts)


def _found(db: Session, template_id: int) -> Template:
    template = templates.find(db, me().scope, template_id) if template_id < LARGEST_ID else None
    return template or abort(404)
