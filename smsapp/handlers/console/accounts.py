"""Accounts of the staff, for administrators: invite, change, close, hand over a link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import EmailField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from smsapp.addresses import local_url
from smsapp.db import transaction
from smsapp.handlers.console import catalogue, words
from smsapp.handlers.console.guard import ADMINISTRATORS, address, allowed, me
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import Account, Refused, managing, signins, tickets
from smsapp.staff.managing import Wanted
from smsapp.staff.tables import ROLES, UNBOUND

MOST = 2**31  # of an account's number

_OF_THE_LIST = lazy_gettext("Choose places of the list.")


class AccountForm(FlaskForm):  # type: ignore[misc]
    name = StringField(lazy_gettext("Name"), [InputRequired()], render_kw={"autocomplete": "off", "maxlength": 100})
    email = EmailField(lazy_gettext("E-mail address"), [InputRequired()], render_kw={"autocomplete": "off"})
    role = SelectField(
        lazy_gettext("Role"),
        choices=[SelectChoice(role, words.STAFF_ROLES[role]) for role in ROLES],
        validate_choice=False,
    )
    language = SelectField(
        lazy_gettext("Language of the pages"),
        choices=[SelectChoice(code, words.language_name(code)) for code in catalogue.LANGUAGES],
        validate_choice=False,
    )
    places = SelectMultipleField(
        lazy_gettext("Places"), coerce=int, validate_choice=False, invalid_value_message=_OF_THE_LIST
    )

    def wanted(self) -> Wanted:
        data = self.data
        return Wanted(data["name"], data["email"], data["role"], data["language"], frozenset(data["places"] or ()))


@dataclass(frozen=True)
class Line:
    """A place of the list, and how deep it lies."""

    place: Place
    depth: int


def register(bp: Blueprint, rt: Runtime) -> None:
    _list(bp, rt)
    _one(bp, rt)
    acts = {
        "close": (managing.close, lazy_gettext("The account is closed.")),
        "open": (managing.open_again, lazy_gettext("The account is open again.")),
        "sign-out": (managing.sign_out, lazy_gettext("Signed out everywhere.")),
        "drop-factor": (managing.drop_factor, lazy_gettext("The second factor is removed.")),
    }
    for word, (act, done) in acts.items():
        _act(bp, rt, word, act, done)


def _list(bp: Blueprint, rt: Runtime) -> None:
    @bp.get("/staff")
    @allowed(ADMINISTRATORS)
    def accounts() -> ResponseReturnValue:
        asked = {name: request.args.get(name, "") for name in ("q", "role", "state")}
        with transaction(rt.sessions) as db:
            page = managing.listing(
                db,
                words=asked["q"],
                role=asked["role"],
                closed=asked["state"] == "closed",
                after=request.args.get("after"),
            )
            held = managing.places_of(db, [account.id for account in page.rows])
        asked = {name: value for name, value in asked.items() if value}
        return render_template("console/accounts/list.html", page=page, held=held, asked=asked, roles=ROLES)

    @bp.route("/staff/new", methods=["GET", "POST"])
    @allowed(ADMINISTRATORS)
    def accounts_new() -> ResponseReturnValue:
        form = AccountForm(role="facility")
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    account, token = managing.invite(db, rt.now(), me(), form.wanted(), address=address())
                return _link_page(rt, account, token)
            except Refused as why:
                _tell(form, why)
        return _form_page(rt, "new", form)


def _one(bp: Blueprint, rt: Runtime) -> None:
    @bp.route("/staff/<int:account_id>", methods=["GET", "POST"])
    @allowed(ADMINISTRATORS)
    def accounts_one(account_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            account = _found(db, account_id)
            held = managing.places_of(db, [account.id])[account.id]
            more = {"open": signins.of(db, account.id), "waiting": tickets.waiting(db, rt.now(), account.id)}
        about = {name: getattr(account, name) for name in ("name", "email", "role", "language")}
        form = AccountForm(data=about | {"places": [place.id for place in held]})
        if form.validate_on_submit():
            try:
                with transaction(rt.sessions) as db:
                    managing.change(db, rt.now(), me(), account_id, form.wanted(), address=address())
                flash(gettext("Saved."), "good")
                return redirect(url_for("console.accounts_one", account_id=account_id), 303)
            except Refused as why:
                _tell(form, why)
        return _form_page(rt, "one", form, account=account, **more)

    @bp.post("/staff/<int:account_id>/link")
    @allowed(ADMINISTRATORS)
    def accounts_link(account_id: int) -> ResponseReturnValue:
        try:
            with transaction(rt.sessions) as db:
                account = _found(db, account_id)
                token = managing.new_link(db, rt.now(), me(), account_id, address=address())
            return _link_page(rt, account, token)
        except Refused as why:
            flash(gettext(why.sentence, **why.values), "bad")
            return redirect(url_for("console.accounts_one", account_id=account_id), 303)


def _act(bp: Blueprint, rt: Runtime, word: str, act: Callable[..., None], done: Any) -> None:
    def view(account_id: int) -> ResponseReturnValue:
        try:
            with transaction(rt.sessions) as db:
                _found(db, account_id)
                act(db, rt.now(), me(), account_id, address=address())
            flash(str(done), "good")
        except Refused as why:
            flash(gettext(why.sentence, **why.values), "bad")
        return redirect(url_for("console.accounts_one", account_id=account_id), 303)

    name = f"accounts_{word.replace('-', '_')}"
    bp.add_url_rule(f"/staff/<int:account_id>/{word}", name, allowed(ADMINISTRATORS)(view), methods=["POST"])


def _found(db: Session, account_id: int) -> Account:
    account = db.get(Account, account_id) if account_id < MOST else None
    return account or abort(404)


def _tell(form: AccountForm, why: Refused) -> None:
    """Beside the field that it is about."""
    form[why.about or "role"].errors = [gettext(why.sentence, **why.values)]


def _link_page(rt: Runtime, account: Account, token: str) -> str:
    """Shown once: only a digest of it is kept."""
    link = (rt.settings.public_url or local_url(rt.settings)) + url_for("console.link", token=token)
    days = tickets.GOOD_FOR.days
    return render_template("console/accounts/link.html", account=account, address=link, days=days)


def _form_page(rt: Runtime, page: str, form: AccountForm, **shown: Any) -> ResponseReturnValue:
    with transaction(rt.sessions) as db:
        lines = list(_lines(managing.to_choose(db)))
    body = render_template(f"console/accounts/{page}.html", form=form, lines=lines, unbound=UNBOUND, **shown)
    return body, 422 if form.errors else 200


def _lines(places: Sequence[Place]) -> Iterator[Line]:
    """Each place with what lies below it."""
    below: dict[int | None, list[Place]] = {}
    for place in places:
        below.setdefault(place.parent_id, []).append(place)

    def walk(parent: int | None, depth: int) -> Iterator[Line]:
        for place in below.get(parent, ()):
            yield Line(place, depth)
            yield from walk(place.id, depth + 1)

    return walk(None, 0)
