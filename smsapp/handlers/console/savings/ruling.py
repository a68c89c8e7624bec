"""The rules of a group's cycle: agreed on once, at its beginning, and never changed before its end."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from smsapp.db import transaction
from smsapp.handlers.console.guard import WRITERS, allowed, me
from smsapp.handlers.console.savings import here, terms
from smsapp.handlers.console.savings.founding import EDIT, OFF, acting, status
from smsapp.handlers.console.savings.sentences import needed, tell
from smsapp.months import after_months
from smsapp.registry import Unfit
from smsapp.runtime import Runtime
from smsapp.savings import founding, groups
from smsapp.savings.cycles import Rules
from smsapp.savings.money import read_amount
from smsapp.savings.tables import METHODS, UNITS, Cycle, Group

_PERCENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]))? ?%?")
_FRANCS = OFF | {"inputmode": "numeric", "maxlength": 20}
OF_A_TONTINE = ("share_value", "order", "ends_on")
_COUNT = {"inputmode": "numeric"}


class RulesForm(FlaskForm):  # type: ignore[misc]
    """Of a tontine only its amount, its order and its end; of the other kind all but the order."""

    share_value = StringField(validators=needed("share_value", "bounds"), render_kw=_FRANCS)
    most_shares = IntegerField(
        lazy_gettext("Shares of a member at a meeting, at most"), needed("most_shares", "bounds"), render_kw=_COUNT
    )
    social = StringField(lazy_gettext("Social fund, each at each meeting"), [Optional()], render_kw=_FRANCS)
    fine = StringField(lazy_gettext("Fine for being away without a word"), [Optional()], render_kw=_FRANCS)
    loan_times = IntegerField(
        lazy_gettext("A loan, at most so many times her savings"), needed("loan_times", "bounds"), render_kw=_COUNT
    )
    loan_months = IntegerField(
        lazy_gettext("Months until a loan is repaid"), needed("loan_months", "bounds"), render_kw=_COUNT
    )
    charge = StringField(lazy_gettext("Charge of a loan, in percent a month"), [Optional()], render_kw=_FRANCS)
    method = SelectField(
        lazy_gettext("Share-out"),
        choices=[SelectChoice(method, terms.METHODS[method]) for method in METHODS],
        validate_choice=False,
    )
    unit = SelectField(
        lazy_gettext("Payouts are rounded down to"),
        choices=[SelectChoice(str(unit), lazy_gettext("%(francs)s francs", francs=unit)) for unit in UNITS],
        validate_choice=False,
    )
    order = StringField(
        lazy_gettext("Order of the turns, by card"), needed("order", "format"), render_kw=OFF | {"maxlength": 400}
    )
    ends_on = DateField(lazy_gettext("The cycle ends on"), needed("ends_on", "bounds"))

    def fit(self, kind: str) -> None:
        """Leave out what a group of this kind does not agree on."""
        tontine = kind == "tontine"
        for name in set(self.data) - {*OF_A_TONTINE, "csrf_token"} if tontine else {"order"}:
            del self[name]
        each, share = gettext("What each brings to each round"), gettext("Value of a share")
        self.share_value.label.text = each if tontine else share

    def rules(self, kind: str) -> Rules:
        """What the form says; Unfit where an amount is none."""
        data = self.data
        ends_on, share_value = data["ends_on"] or date.min, _francs("share_value", data["share_value"])
        if kind == "tontine":
            return Rules(ends_on, share_value, most_shares=1, order=_order(data["order"] or ""))
        told: dict[str, Any] = {name: _francs(name, data[name]) for name in ("social", "fine")}
        told |= {name: data[name] or 0 for name in ("most_shares", "loan_times", "loan_months")}
        told |= {"charge": _tenths(data["charge"] or "0"), "method": data["method"] or ""}
        unit = int(data["unit"]) if data["unit"] in {str(unit) for unit in UNITS} else 0
        return Rules(ends_on, share_value, **told, unit=unit)


def _francs(field: str, said: str | None) -> int:
    text = (said or "").strip()
    if text in {"", "0"}:
        return 0
    amount = read_amount(text, dots=True)
    if amount is None:
        raise Unfit(field, "amount")
    return amount


def _tenths(said: str) -> int:
    found = _PERCENT.fullmatch(said.strip())
    if found is None:
        raise Unfit("charge", "bounds")
    return int(found[1]) * 10 + int(found[2] or 0)


def _order(said: str) -> tuple[int, ...]:
    words = re.split(r"[\s,;.-]+", said.strip())
    if not all(word.isascii() and word.isdecimal() and len(word) < 4 for word in words):
        raise Unfit("order", "format")
    return tuple(map(int, words))


def register(bp: Blueprint, rt: Runtime) -> None:
    @bp.route(f"{EDIT}/rules", methods=["GET", "POST"])
    @allowed(WRITERS)
    def savings_edit_rules(group_id: int) -> ResponseReturnValue:
        with transaction(rt.sessions) as db:
            group = here.found(db, group_id)
            cycle = groups.last_cycle(db, group_id)
            cards = [who.card for who in groups.whole(db, group_id)]
        form = RulesForm(data=_told(rt, group, cycle, cards))
        form.fit(group.kind)
        if form.validate_on_submit():
            try:
                with acting(rt) as db:
                    founding.begin(db, rt, me(), group_id, form.rules(group.kind))
                flash(gettext("The cycle has begun: its rules are kept to until its end."), "good")
                return redirect(url_for("console.savings_edit_rules", group_id=group_id), 303)
            except Unfit as why:
                tell(form, why)
        told = {"group": group, "cycle": cycle, "tontine": group.kind == "tontine", "terms": terms}
        return render_template("console/savings/edit_rules.html", form=form, **told), status(form)


def _told(rt: Runtime, group: Group, last: Cycle | None, cards: list[int]) -> dict[str, Any]:
    """The rules of the cycle before this one, or what many groups begin with."""
    today = rt.local_now().date()
    rounds = timedelta(days=group.every_days * max(len(cards), 1))
    ends = today + rounds if group.kind == "tontine" else after_months(today, 12)
    rules = last or Rules(ends, 500, social=100, fine=250, charge=50)
    names = ("share_value", "most_shares", "social", "fine", "loan_times", "loan_months", "method")
    told = {name: getattr(rules, name) for name in names} | {"unit": str(rules.unit), "ends_on": ends}
    whole, tenths = divmod(rules.charge, 10)
    charge = f"{whole},{tenths}" if tenths else str(whole)
    order = [card for card in rules.order if card in cards] or cards
    return {**told, "charge": charge, "order": " ".join(map(str, order))}
