"""One's own account: name and language, password, second factor, and where one is signed in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from smsapp.db import transaction
from smsapp.handlers.console import catalogue, device, pictures, tries, words
from smsapp.handlers.console.door import CodeForm
from smsapp.handlers.console.guard import ANYBODY, address, allowed, me
from smsapp.handlers.console.tries import FAILED, Said
from smsapp.runtime import Runtime
from smsapp.staff import Account, Refused, own, signins, totp
from smsapp.staff.entry import Wrong
from smsapp.staff.passwords import LEAST

CURRENT = {"autocomplete": "current-password"}


class AboutForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name"), [InputRequired()], render_kw={"autocomplete": "name", "maxlength": 100})
    language = SelectField(
        lazy_gettext("Language of the pages"),
        choices=[SelectChoice(code, words.language_name(code)) for code in catalogue.LANGUAGES],
        validate_choice=False,
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]
    old = PasswordField(lazy_gettext("Present password"), [InputRequired()], render_kw=CURRENT)
    new = PasswordField(lazy_gettext("New password"), [InputRequired()], render_kw={"autocomplete": "new-password"})


class ProofForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField(lazy_gettext("Your password"), [InputRequired()], render_kw=CURRENT)


def register(bp: Blueprint, rt: Runtime) -> None:
    _about(bp, rt)
    _password(bp, rt)
    _factor(bp, rt)
    _factor_ends(bp, rt)


def _about(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/account", methods=["GET", "POST"])
    @allowed(ANYBODY)
    def account() -> ResponseReturnValue:
        form = AboutForm(data={"name": me().name, "language": me().language})
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    own.describe(db, rt, me(), form.name.data, form.language.data, address=address())
                session["language"] = form.language.data
                return redirect(url_for("console.account"), 303)
            except Refused as why:
                form[why.about].errors = [gettext(why.sentence, **why.values)]
        with transaction(rt.sessions) as db:
            mine = db.get_one(Account, me().id)
            shown = {"mine": mine, "places": own.places(db, me()), "open": signins.of(db, mine.id)}
            here = signins.digest(current_user.token)
        return _answer("index", None, form=form, here=here, **shown)

    @bp.post("/account/sign-out-elsewhere")
    @allowed(ANYBODY)
    def account_sign_out_elsewhere() -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            own.sign_out_elsewhere(db, rt, me(), current_user.token, address=address())
        flash(gettext("You are signed out everywhere but here."), "good")
        return redirect(url_for("console.account"), 303)


def _password(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/account/password", methods=["GET", "POST"])
    @allowed(ANYBODY)
    def account_password() -> ResponseReturnValue:
        form, said = PasswordForm(), None
        if form.validate_on_submit():
            try:
                caller, token = device.caller(rt), current_user.token
                own.change_password(rt, caller, me(), token, form.old.data, form.new.data)
                flash(gettext("Your new password is kept. Everywhere else you are signed out."), "good")
                return redirect(url_for("console.account"), 303)
            except Refused as why:
                form.new.errors = [gettext(why.sentence, **why.values)]
            except FAILED as why:
                said = tries.said(rt, why, _wrong())
        return _answer("password", said, form=form, least=LEAST)


def _factor(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/account/second-factor", methods=["GET", "POST"])
    @allowed(ANYBODY)
    def account_factor() -> ResponseReturnValue:
        """Begins one, or moves to another phone, with the password."""
        form, said = ProofForm(), None
        if form.validate_on_submit():
            try:
                own.begin_factor(rt, device.caller(rt), me(), form.password.data)
                return redirect(url_for("console.account_factor_new"), 303)
            except FAILED as why:
                said = tries.said(rt, why, _wrong())
        return _factor_page(rt, form, said)

    @bp.route("/account/second-factor/new", methods=["GET", "POST"])
    @allowed(ANYBODY)
    def account_factor_new() -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            mine = db.get_one(Account, me().id)
        if mine.totp_pending is None:
            return redirect(url_for("console.account_factor"))
        form, said = CodeForm(), None
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    codes = own.confirm_factor(db, rt, device.caller(rt), me(), form.code.data)
                return render_template("console/account/codes.html", codes=codes)
            except Wrong as why:
                said = tries.said(rt, why, pictures.wrong_code())
        return _answer("new_factor", said, form=form, picture=pictures.of(mine))


def _factor_ends(bp: Blueprint, rt: Runtime) -> None:
    @bp.post("/account/second-factor/codes")
    @allowed(ANYBODY)
    def account_factor_codes() -> ResponseReturnValue:
        """New recovery codes, shown once."""
        form, said = ProofForm(), None
        if form.validate_on_submit():
            try:
                codes = own.renew_recovery_codes(rt, device.caller(rt), me(), form.password.data)
                return render_template("console/account/codes.html", codes=codes)
            except (Refused, *FAILED) as why:
                said = _why(rt, why)
        return _factor_page(rt, form, said)

    @bp.post("/account/second-factor/remove")
    @allowed(ANYBODY)
    def account_factor_remove() -> ResponseReturnValue:
        form, said = ProofForm(), None
        if form.validate_on_submit():
            try:
                own.remove_factor(rt, device.caller(rt), me(), form.password.data)
                flash(gettext("Your second factor is removed: the password alone opens your account."), "warn")
                return redirect(url_for("console.account_factor"), 303)
            except (Refused, *FAILED) as why:
                said = _why(rt, why)
        return _factor_page(rt, form, said)


def _factor_page(rt: Runtime, form: ProofForm, said: Said | None) -> Response:
    with transaction(rt.sessions) as db:
        mine = db.get_one(Account, me().id)
        left = totp.recovery_codes_left(db, mine.id)
    needed = rt.settings.require_totp and me().administers
    return _answer("factor", said, form=form, set_up=mine.totp_secret is not None, left=left, needed=needed)


def _why(rt: Runtime, why: Exception) -> Said:
    if isinstance(why, Refused):
        return Said(gettext(why.sentence, **why.values), 422)
    return tries.said(rt, why, _wrong())


def _wrong() -> str:
    return str(gettext("This is not your password."))


def _answer(page: str, said: Said | None, **shown: object) -> Response:
    body = render_template(f"console/account/{page}.html", said=said, **shown)
    status = said.status if said else 422 if getattr(shown["form"], "errors", None) else 200
    return make_response(body, status, dict(said.headers) if said else {})
