"""The door: sign in, the second factor, a one-time link, and out again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.exceptions import HTTPException
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import InputRequired

from smsapp.db import transaction
from smsapp.handlers.console import catalogue, device, pictures, tries
from smsapp.handlers.console.guard import ANYBODY, address, allowed, close_session, me, open_session, somebody
from smsapp.handlers.console.tries import FAILED, Said
from smsapp.hashing import Busy
from smsapp.late import Late
from smsapp.runtime import Runtime
from smsapp.staff import Account, Refused, accounts, entry, own, tickets
from smsapp.staff.entry import Opened, Over
from smsapp.staff.passwords import LEAST, OF_THE_DEMONSTRATION

if TYPE_CHECKING:
    from smsapp import demo
else:
    demo = Late("smsapp.demo")

HALFWAY = "halfway"  # in the session: the first step's token, and what was asked for with it
CODE_FIELD = {
    "autocomplete": "one-time-code",
    "inputmode": "text",
    "autocapitalize": "characters",
    "spellcheck": "false",
}


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(lazy_gettext("E-mail address"), [InputRequired()], render_kw={"autocomplete": "username"})
    password = PasswordField(
        lazy_gettext("Password"), [InputRequired()], render_kw={"autocomplete": "current-password"}
    )
    shared = BooleanField(lazy_gettext("Others use this phone too: sign me out when the browser closes"))


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(lazy_gettext("Code"), [InputRequired()], render_kw=CODE_FIELD)


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField(
        lazy_gettext("New password"), [InputRequired()], render_kw={"autocomplete": "new-password"}
    )


def register(bp: Blueprint, rt: Runtime) -> None:
    _first_step(bp, rt)
    _second_step(bp, rt)
    _link(bp, rt)

    @bp.post("/sign-out")
    @allowed(ANYBODY)
    def sign_out() -> ResponseReturnValue:
        entry.sign_out(rt, me(), current_user.token, address())
        close_session()
        return redirect(url_for("console.sign_in"))


def _first_step(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/sign-in", methods=["GET", "POST"])
    @allowed()
    def sign_in() -> ResponseReturnValue:
        if request.args.get("language") in catalogue.LANGUAGES:
            session["language"] = request.args["language"]
        onwards = onwards_to(request.args.get("next", ""))
        if somebody() and request.method == "GET":
            return redirect(onwards)
        form, said = SignInForm(), None
        if form.validate_on_submit():
            who = device.caller(rt)
            try:
                opened = entry.sign_in(rt, who, form.email.data, form.password.data)
                return _opened(rt, opened, lasting=not form.shared.data, onwards=onwards)
            except FAILED as why:
                said = tries.said(rt, why, gettext("The e-mail address or the password is not right."))
        shown = {"demo_staff": _demo_staff(rt), "demo_password": OF_THE_DEMONSTRATION}
        return _answer("sign_in", said, form=form, languages=catalogue.LANGUAGES, next=onwards, **shown)


def _second_step(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/sign-in/code", methods=["GET", "POST"])
    @allowed()
    def sign_in_code() -> ResponseReturnValue:
        account = _halfway(rt)
        if account is None or account.totp_secret is None:
            return redirect(url_for("console.sign_in"))
        form, said = CodeForm(), None
        if form.validate_on_submit():
            try:
                opened = entry.second_step(rt, device.caller(rt), session[HALFWAY]["token"], form.code.data)
                return _go_on(rt, opened)
            except Over:
                return redirect(url_for("console.sign_in"))
            except FAILED as why:
                said = tries.said(rt, why, gettext("This code is not right, or it was used already."))
        return _answer("code", said, form=form)

    @bp.route("/sign-in/second-factor", methods=["GET", "POST"])
    @allowed()
    def sign_in_set_up() -> ResponseReturnValue:
        account = _halfway(rt)
        if account is None or account.totp_pending is None:
            return redirect(url_for("console.sign_in"))
        form, said = CodeForm(), None
        if form.validate_on_submit():
            try:
                opened, codes = entry.set_up(rt, device.caller(rt), session[HALFWAY]["token"], form.code.data)
                return _go_on(rt, opened, codes)
            except Over:
                return redirect(url_for("console.sign_in"))
            except FAILED as why:
                said = tries.said(rt, why, pictures.wrong_code())
        return _answer("set_up", said, form=form, picture=pictures.of(account))


def _link(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/link/<token>", methods=["GET", "POST"])
    @allowed()
    def link(token: str) -> ResponseReturnValue:
        """Looking does not use it up: some phones fetch a link before anybody touches it."""
        with transaction(rt.sessions) as db:
            account = tickets.holder(db, rt.now(), token)
        if account is None:
            return render_template("console/door/link_over.html"), 410
        session["language"] = account.language
        form, said = NewPasswordForm(), None
        if form.validate_on_submit():
            try:
                own.choose_password(rt, token, form.password.data, address())
                return render_template("console/door/chosen.html", email=account.email)
            except Over:
                return render_template("console/door/link_over.html"), 410
            except Refused as why:
                form.password.errors = [gettext(why.sentence, **why.values)]
            except Busy as why:
                said = tries.said(rt, why, "")
        return _answer("link", said, form=form, account=account, least=LEAST)


def onwards_to(wanted: str) -> str:
    """The page that she was on the way to, if it is one of ours; else the first one."""
    try:
        parts = urlsplit(wanted)
        current_app.url_map.bind("").match(parts.path, method="GET")
    except (ValueError, HTTPException):
        return "/"
    if parts.scheme or parts.netloc or parts.path[:1] != "/" or parts.path[1:2] == "/":
        return "/"
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _demo_staff(rt: Runtime) -> Sequence[Account]:
    if not rt.settings.demo:
        return ()
    with transaction(rt.sessions) as db:
        return demo.staff_known(db)


def _opened(
    rt: Runtime, opened: Opened, *, lasting: bool, onwards: str, codes: Sequence[str] = ()
) -> ResponseReturnValue:
    if opened.needs:
        language = session.get("language")
        session.clear()
        session[HALFWAY] = {"token": opened.token, "lasting": lasting, "onwards": onwards}
        if language:
            session["language"] = language
        return redirect(url_for("console.sign_in_code" if opened.needs == "code" else "console.sign_in_set_up"))
    with transaction(rt.sessions) as db:
        staff = accounts.staff(db, db.get_one(Account, opened.account_id))
    open_session(opened.token, staff, lasting=lasting)
    shown = render_template("console/door/codes.html", codes=codes, onwards=onwards) if codes else None
    response = make_response(shown or redirect(onwards, 303))
    return device.remember(rt, response, device.caller(rt), opened.account_id) if lasting else response


def _go_on(rt: Runtime, opened: Opened, codes: Sequence[str] = ()) -> ResponseReturnValue:
    """As it was asked for with the first step."""
    begun = session[HALFWAY]
    return _opened(rt, opened, lasting=begun["lasting"], onwards=begun["onwards"], codes=codes)


def _halfway(rt: Runtime) -> Account | None:
    if HALFWAY not in session:
        return None
    with transaction(rt.sessions) as db:
        return entry.halfway(db, rt, session[HALFWAY]["token"])


def _answer(page: str, said: Said | None, **shown: object) -> Response:
    body = render_template(f"console/door/{page}.html", said=said, **shown)
    form = shown["form"]
    status = said.status if said else 422 if getattr(form, "errors", None) else 200
    return make_response(body, status, dict(said.headers) if said else {})
