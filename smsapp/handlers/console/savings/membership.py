"""Members of a group: written down one by one or as a list, put right, handed their first PIN, and let go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import BooleanField, FieldList, FormField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from smsapp import paging
from smsapp.db import transaction
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.founding import EDIT, OFF, acting, status
from smsapp.handlers.console.savings.sentences import line, needed, tell, unfit
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import membership, reading
from smsapp.savings.membership import Newcomer, UnfitLine
from smsapp.savings.reading import Card, NotHere

ROWS = 4  # for somebody each; a longer list is pasted
MEMBER = f"{EDIT}/members/<int(max={paging.LARGEST - 1}):member_id>"
_SEXES = [
    SelectChoice("", lazy_gettext("not told")),
    SelectChoice("F", lazy_gettext("woman")),
    SelectChoice("M", lazy_gettext("man")),
]
_CARD = {"inputmode": "numeric", "min": 1, "max": 99}
_ASSEMBLY = lazy_gettext("On the ASACO assembly list")


class OneForm(FlaskForm):  # type: ignore[misc]
    """Somebody new, in a row of the form."""

    class Meta:
        csrf = False  # the form around it has the token

    card = IntegerField(lazy_gettext("Card"), [Optional()], render_kw=_CARD)
    name = StringField(lazy_gettext("Name"), render_kw=OFF | {"maxlength": 120})
    number = StringField(lazy_gettext("Number"), [Optional()], render_kw=OFF | {"inputmode": "tel", "maxlength": 80})
    witness = IntegerField(lazy_gettext("Witness"), [Optional()], render_kw=_CARD)
    sex = SelectField(lazy_gettext("Sex"), choices=_SEXES, validate_choice=False)
    assembly = BooleanField(_ASSEMBLY)

    def newcomer(self, nth: int = 0) -> Newcomer:
        data = self.data
        told = {name: data[name] or "" for name in ("name", "number", "sex")}
        return Newcomer(data["card"], **told, witness=data["witness"], assembly=bool(data["assembly"]), line=nth)

    @property
    def is_empty(self) -> bool:
        return not any(self.data[name] for name in ("card", "name", "number"))


class MembersForm(FlaskForm):  # type: ignore[misc]
    rows = FieldList(FormField(OneForm), max_entries=membership.MOST_AT_ONCE)

    def more(self) -> None:
        """Rows to write in: at least so many, and empty ones whatever came."""
        while len(self.rows) < ROWS:
            self.rows.append_entry()


class ListForm(FlaskForm):  # type: ignore[misc]
    list = TextAreaField(
        lazy_gettext("List of members"), needed("list", "nobody"), render_kw=OFF | {"rows": 8, "spellcheck": "false"}
    )


class MemberForm(FlaskForm):  # type: ignore[misc]
    number = StringField(lazy_gettext("Number"), [Optional()], render_kw=OFF | {"inputmode": "tel", "maxlength": 80})
    witness = IntegerField(lazy_gettext("Witness"), [Optional()], render_kw=_CARD)
    sex = SelectField(lazy_gettext("Sex"), choices=_SEXES, validate_choice=False)
    assembly = BooleanField(_ASSEMBLY)


def register(bp: Blueprint, rt: Runtime) -> None:
    _several(bp, rt)
    _one(bp, rt)
    _leave(bp, rt)
    _pins(bp, rt)


def _several(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{EDIT}/members", methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_edit_members(group_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            here.found(db, group_id)
        form = MembersForm()
        if form.validate_on_submit():
            rows = list(form.rows)
            newcomers = [row.form.newcomer(nth) for nth, row in enumerate(rows) if not row.form.is_empty]
            try:
                return _added(rt, group_id, newcomers)
            except UnfitLine as why:
                field = rows[why.line].form[why.field if why.field in rows[why.line].form else "name"]
                field.errors = [*field.errors, unfit(why)]
            except Unfit as why:
                tell(form, why)
        return _page(rt, group_id, form, ListForm(formdata=None))

    @bp.post(f"{EDIT}/members/list")
    @allowed(WRITERS)
    def savings_edit_list(group_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            here.found(db, group_id)
        form = ListForm()
        if form.validate_on_submit():
            try:
                return _added(rt, group_id, membership.read_list(form.list.data or ""))
            except UnfitLine as why:
                form.list.errors = [line(why.line, why)]
            except Unfit as why:
                tell(form, why)
        return _page(rt, group_id, MembersForm(formdata=None), form)


def _added(rt: Runtime, group_id: int, newcomers: list[Newcomer]) -> ResponseReturnValue:
    with acting(rt) as db:
        count = len(membership.add(db, rt, me(), group_id, newcomers))
    flash(ngettext("%(num)d member is in the group now.", "%(num)d members are in the group now.", count), "good")
    return redirect(url_for("console.savings_edit_members", group_id=group_id), 303)


def _page(rt: Runtime, group_id: int, form: MembersForm, listed: ListForm) -> ResponseReturnValue:
    form.more()
    with transaction(rt.sessions) as db:
        group = here.found(db, group_id)
        members = reading.members(db, group_id, rt.local_now().date())
    told = {"group": group, "members": members, "cards": {card.member.id: card.member.card for card in members}}
    told["without_pin"] = [c for c in members if c.member.pin is None and c.member.left_on is None]
    body = render_template("console/savings/edit_members.html", form=form, listed=listed, terms=terms, **told)
    return body, status(form)


def _one(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(MEMBER, methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_edit_member(group_id: int, member_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            card = _card(db, rt, group_id, member_id)
            members = reading.members(db, group_id, rt.local_now().date())
        form = MemberForm(data=_told(card, members))
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    changed = membership.change(db, rt, me(), group_id, member_id, _wanted(form, card))
                flash(gettext("Saved.") if changed else gettext("Nothing was changed."), "good")
                return redirect(url_for("console.savings_edit_members", group_id=group_id), 303)
            except Unfit as why:
                tell(form, why)
        body = render_template("console/savings/edit_member.html", form=form, group=group, card=card, terms=terms)
        return body, status(form)


def _card(db: Session, rt: Runtime, group_id: int, member_id: int) -> Card:
    try:
        return reading.member(db, group_id, member_id, rt.local_now().date())
    except NotHere:
        abort(404)


def _told(card: Card, members: list[Card]) -> dict[str, Any]:
    member = card.member
    witness = next((other.member.card for other in members if other.member.id == member.witness_id), None)
    return {"number": member.number, "witness": witness, "sex": member.sex or "", "assembly": member.assembly}


def _wanted(form: MemberForm, card: Card) -> Newcomer:
    """A number that was handed out with its PIN is not in the form, and stays."""
    data = form.data
    number = data["number"] if "number" in request.form else card.member.number
    return Newcomer(card.member.card, "", number or "", data["witness"], data["sex"] or "", bool(data["assembly"]))


def _leave(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{MEMBER}/leave")
    @allowed(WRITERS)
    def savings_edit_leave(group_id: int, member_id: int) -> ResponseReturnValue:
        try:
            with acting(rt) as db:
                member = membership.leave(db, rt, me(), group_id, member_id)
            flash(gettext("Card %(card)s is no longer in the group.", card=member.card), "good")
        except Unfit as why:
            flash(unfit(why), "bad")
            return redirect(url_for("console.savings_edit_member", group_id=group_id, member_id=member_id), 303)
        return redirect(url_for("console.savings_edit_members", group_id=group_id), 303)


def _pins(bp: Blueprint, rt: Runtime) -> None:
    @bp.post(f"{EDIT}/pins")
    @allowed(WRITERS)
    def savings_edit_pins(group_id: int) -> ResponseReturnValue:
        """First PINs of all who have none: the answer itself shows them, and nothing ever does again."""
        return _slips(rt, group_id)

    @bp.post(f"{MEMBER}/pin")
    @allowed(WRITERS)
    def savings_edit_pin(group_id: int, member_id: int) -> ResponseReturnValue:
        return _slips(rt, group_id, member_id)


def _slips(rt: Runtime, group_id: int, member_id: int | None = None) -> ResponseReturnValue:
    back = redirect(url_for("console.savings_edit_members", group_id=group_id), 303)
    try:
        with acting(rt) as db:
            made = membership.first_pins(db, rt, me(), group_id, member_id)
            group = here.found(db, group_id)
            cards = {card.member.id: card for card in reading.members(db, group_id, rt.local_now().date())}
    except Unfit as why:
        flash(unfit(why), "bad")
        return back
    if not made:
        flash(gettext("Everybody has a PIN already."), "good")
        return back
    slips = [(cards[member.id], pin) for member, pin in made]
    told = {"group": group, "slips": slips, "code": rt.settings.service_code}
    return render_template("console/savings/slips.html", **told)
