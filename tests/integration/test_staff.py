"""Accounts, their door and the audit trail, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from runner.__main__ import DEMO_STAFF
from smsapp import cli, hashing, staff
from smsapp.db import transaction
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.staff import (
    Account,
    AuditEntry,
    Refused,
    accounts,
    audit,
    entry,
    managing,
    own,
    passwords,
    signins,
    tickets,
    totp,
    trail,
)
from smsapp.staff.entry import Closed, Opened, Over, Wrong
from smsapp.staff.managing import Wanted
from smsapp.staff.tables import RecoveryCode, SignIn, Throttle, Ticket
from smsapp.staff.throttle import Caller
from tests.village import COMMUNE_1, SOTUBA, settle

PASSWORD = "quatre petits mots ici"
KEPT = passwords.make(PASSWORD)
HERE, THERE = Caller("192.0.2.1"), Caller("198.51.100.7")


def employ(rt: Runtime, name: str = "awa", role: str = "administrator", **more: Any) -> Account:
    with transaction(rt.sessions) as db:
        values = {"name": name.title(), "email": f"{name}@example.org", "role": role, "language": "fr"}
        account = Account(**values, password=KEPT, created_at=rt.now(), **more)
        db.add(account)
    return account


def sign_in(rt: Runtime, password: str = PASSWORD, name: str = "awa", caller: Caller = HERE) -> Opened:
    return entry.sign_in(rt, caller, f"{name}@example.org", password)


def outcome(rt: Runtime, *words: Any, **more: Any) -> str:
    try:
        return "in" if not sign_in(rt, *words, **more).needs else "halfway"
    except (Wrong, Closed) as why:
        return type(why).__name__.lower()


def who(rt: Runtime, account: Account) -> accounts.Staff:
    with transaction(rt.sessions) as db:
        return accounts.staff(db, db.get_one(Account, account.id))


def noted(rt: Runtime) -> list[str]:
    with transaction(rt.sessions) as db:
        return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    def result(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (Wrong, Closed, Over, Refused) as why:
            return why

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(result, calls))


def staff_of(rt: Runtime, token: str) -> accounts.Staff | None:
    """Who is signed in with this, as every page asks; what it finds is what anybody else finds of her account."""
    found = accounts.signed_in(rt.sessions, token, require_totp=rt.settings.require_totp)
    with transaction(rt.sessions) as db:
        assert found is None or found == accounts.staff(db, db.get_one(Account, found.id))
    return found


# ---- the password


def test_a_right_password_opens_whatever_case_the_address_is_typed_in(rt):
    account = employ(rt)
    opened = entry.sign_in(rt, HERE, "  AWA@Example.ORG ", PASSWORD)
    assert opened.needs == ""
    found = staff_of(rt, opened.token)
    assert found
    assert (found.id, found.role, found.scope.facilities) == (account.id, "administrator", None)
    assert staff_of(rt, opened.token + "x") is None
    assert staff_of(rt, "") is None
    with transaction(rt.sessions) as db:
        assert db.get_one(Account, account.id).seen_at == rt.now()
        assert opened.token not in db.scalars(select(SignIn.digest)).all()
    assert noted(rt) == ["account.signed_in"]


@pytest.mark.parametrize("name", ["nobody", "closed", "invited"])
def test_who_may_not_in_learns_no_more_than_who_is_not_there(rt, name):
    employ(rt, "closed", active=False)
    invited = employ(rt, "invited")
    with transaction(rt.sessions) as db:
        db.get_one(Account, invited.id).password = None
    assert [outcome(rt, name=name) for _ in range(6)] == ["wrong"] * 5 + ["closed"]


def test_an_unknown_address_takes_as_long_as_a_wrong_password(rt, monkeypatch):
    employ(rt)
    checked = []
    real = hashing._HASHER.verify
    monkeypatch.setattr(
        hashing, "_HASHER", replace_verify(lambda kept, typed: checked.append(kept) or real(kept, typed))
    )
    assert [outcome(rt, "wrong", name=name) for name in ("awa", "nobody")] == ["wrong", "wrong"]
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4]  # the same costs


def replace_verify(verify: Callable[[str, str], bool]) -> Any:
    class Watched:
        def __getattr__(self, name: str) -> Any:
            return verify if name == "verify" else getattr(real, name)

    real = hashing._HASHER
    return Watched()


@pytest.mark.usefixtures("full_costs")
def test_a_password_kept_cheaply_is_kept_anew(rt):
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    account = employ(rt)
    with transaction(rt.sessions) as db:
        db.get_one(Account, account.id).password = cheap
    assert outcome(rt) == "in"
    with transaction(rt.sessions) as db:
        kept = db.get_one(Account, account.id).password
    assert kept
    assert kept != cheap
    assert not hashing.outdated(kept)
    assert outcome(rt) == "in"


def test_what_the_database_can_not_hold_is_only_wrong(rt):
    for email in ("\0", "\ud800@example.org", "a" * 100_000, ""):
        with pytest.raises((Wrong, Closed)):
            entry.sign_in(rt, HERE, email, "\0" * 20)


# ---- lock-out


def test_after_five_wrong_ones_pauses_grow_and_a_right_one_waits_too(rt, clock):
    employ(rt)
    assert [outcome(rt, "wrong") for _ in range(5)] == ["wrong"] * 5
    waited = []
    for _ in range(12):
        with pytest.raises(Closed) as closed:
            sign_in(rt, caller=THERE)  # right, and from elsewhere
        assert not closed.value.shut.crowded
        waited.append((closed.value.shut.until - clock.at).total_seconds())
        clock.at = closed.value.shut.until
        assert outcome(rt, "wrong", caller=Caller(f"198.51.100.{len(waited)}")) == "wrong"
    assert waited == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    clock.move(minutes=15)
    assert outcome(rt) == "in"
    assert [outcome(rt, "wrong") for _ in range(6)] == ["wrong"] * 5 + ["closed"]


def test_trying_while_it_is_shut_does_not_keep_it_shut(rt, clock):
    employ(rt)
    for n in range(40):
        outcome(rt, "wrong", caller=Caller(f"198.51.100.{n}"))
    clock.move(seconds=1)
    assert outcome(rt) == "in"


def test_a_pause_that_is_long_ago_is_forgotten(rt, clock):
    employ(rt)
    for _ in range(5):
        outcome(rt, "wrong")
    clock.move(hours=2)
    assert [outcome(rt, "wrong", caller=THERE) for _ in range(6)] == ["wrong"] * 5 + ["closed"]


def test_the_twenty_first_wrong_try_of_an_address_within_a_minute_is_not_looked_at(rt, clock):
    employ(rt)
    tries = []
    for n in range(20):
        tries.append(outcome(rt, "wrong", name=f"somebody{n % 7}"))
        clock.move(seconds=1)
    assert "in" not in tries
    with pytest.raises(Closed) as closed:
        sign_in(rt)
    assert closed.value.shut.crowded
    assert closed.value.shut.until == clock.at + timedelta(seconds=40)
    assert outcome(rt, caller=THERE) == "in"
    clock.move(seconds=40)
    assert outcome(rt) == "in"
    assert outcome(rt) == "in"


def test_no_minute_has_more_than_twenty_wrong_ones(rt, clock):
    """A window that slides: twenty at the end of one minute and twenty at the start of the next are forty."""
    looked_at = []
    for n in range(200):
        if outcome_of(rt, f"somebody{n}") == "wrong":
            looked_at.append(clock.at)
        clock.move(seconds=1.5)
    for first in looked_at:
        assert sum(first <= at < first + timedelta(minutes=1) for at in looked_at) <= 20


def outcome_of(rt: Runtime, name: str) -> str:
    """Without argon2's time."""
    try:
        entry.tried(rt, HERE, f"password:{name}", None, lambda: False)
    except (Wrong, Closed) as why:
        return type(why).__name__.lower()
    raise AssertionError


def test_right_ones_do_not_count(rt):
    for _ in range(25):
        entry.tried(rt, HERE, "password:awa", None, lambda: True)


def test_an_address_that_goes_on_is_paused_and_her_own_browser_is_not(rt, clock):
    account = employ(rt)
    for n in range(24):
        outcome_of(rt, f"somebody{n}")
        clock.move(seconds=3.5)
    with pytest.raises(Closed) as closed:
        sign_in(rt)
    assert closed.value.shut.crowded
    known = replace(HERE, device="mine", known=frozenset({account.id}))
    assert outcome(rt, caller=known) == "in"
    assert outcome(rt) == "closed"  # what she did opened nothing for the others


def test_nobody_locks_her_out_of_her_own_browser(rt):
    account = employ(rt)
    for n in range(6):
        outcome(rt, "wrong", caller=Caller(f"198.51.100.{n}"))
    assert outcome(rt, caller=THERE) == "closed"
    known = replace(HERE, device="mine", known=frozenset({account.id}))
    assert outcome(rt, caller=replace(known, known=frozenset({account.id + 1}))) == "closed"
    assert outcome(rt, caller=known) == "in"
    assert [outcome(rt, "wrong", caller=known) for _ in range(6)] == ["wrong"] * 5 + ["closed"]


def test_many_at_once_are_no_more_than_many_in_turn(live_rt):
    account = employ(live_rt)
    looked_at = []

    def one(n: int) -> Any:
        caller = Caller(f"198.51.100.{n}")
        return entry.tried(live_rt, caller, "password:awa", account, lambda: bool(looked_at.append(n)))

    results = at_once([lambda n=n: one(n) for n in range(16)])
    assert (len(looked_at), sum(isinstance(r, Closed) for r in results)) == (5, 11)
    crowd = at_once([lambda n=n: entry.tried(live_rt, HERE, f"password:{n}", None, lambda: False) for n in range(30)])
    assert sum(isinstance(r, Wrong) for r in crowd) == 20


def test_a_check_that_was_not_made_is_not_counted(rt):
    def busy() -> bool:
        raise hashing.Busy

    for _ in range(30):
        with pytest.raises(hashing.Busy):
            entry.tried(rt, HERE, "password:awa", None, busy)
    assert outcome_of(rt, "awa") == "wrong"


def test_the_trail_tells_of_tries_and_pauses_but_not_what_was_typed(rt):
    account = employ(rt)
    for _ in range(8):
        outcome(rt, "wrong")
    outcome(rt, "wrong", name="my secret typed too early")
    with transaction(rt.sessions) as db:
        rows = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["account.refused"] * 5 + ["account.paused", "account.refused"]
    assert {row.who for row in rows} == {""}
    assert rows[0].subject == f"account:{account.id}"
    assert (rows[0].address, rows[0].details) == ("192.0.2.1", {"wrong": "password"})
    assert rows[5].details == {"closed": "account", "seconds": 1}
    assert "secret" not in str([vars(row) for row in rows])


# ---- one-time links


def invite(rt: Runtime, name: str = "binta", role: str = "programme", by: Account | None = None, **more: Any) -> str:
    inviter = who(rt, by) if by else None
    wanted = Wanted(name.title(), f"{name}@example.org", role, "fr", **more)
    with transaction(rt.sessions) as db:
        return managing.invite(db, rt.now(), inviter, wanted)[1]


def test_an_invitation_is_good_once_and_looking_does_not_use_it(rt, clock):
    token = invite(rt)
    with transaction(rt.sessions) as db:
        assert db.scalar(select(Ticket.digest)) != token
        for _ in range(3):
            found = tickets.holder(db, rt.now(), token)
            assert found
            assert found.name == "Binta"
    with pytest.raises(Refused, match="at least"):
        own.choose_password(rt, token, "short", "")
    own.choose_password(rt, token, PASSWORD, "192.0.2.1")
    assert outcome(rt, name="binta") == "in"
    with pytest.raises(Over):
        own.choose_password(rt, token, "another good one", "")
    assert outcome(rt, name="binta") == "in"


def test_an_invitation_ends_after_two_days(rt, clock):
    token = invite(rt)
    clock.move(hours=48)
    with pytest.raises(Over):
        own.choose_password(rt, token, PASSWORD, "")


def test_two_clicks_at_the_same_time_use_it_once(live_rt):
    token = invite(live_rt)
    chosen = [f"a password of click {n}" for n in range(4)]
    results = at_once([lambda p=p: own.choose_password(live_rt, token, p, "") for p in chosen])
    assert sorted(type(r).__name__ for r in results) == ["NoneType", "Over", "Over", "Over"]
    assert outcome(live_rt, chosen[results.index(None)], name="binta") == "in"


def test_a_new_link_replaces_the_one_before_and_ends_what_is_open(rt):
    boss, account = employ(rt, "boss"), employ(rt)
    token = sign_in(rt).token
    with transaction(rt.sessions) as db:
        first = managing.new_link(db, rt.now(), who(rt, boss), account.id)
        second = managing.new_link(db, rt.now(), who(rt, boss), account.id)
    with pytest.raises(Over):
        own.choose_password(rt, first, "some other words", "")
    assert staff_of(rt, token)  # a link that nobody used changes nothing
    for _ in range(7):
        outcome(rt, "wrong", caller=THERE)
    own.choose_password(rt, second, "some other words", "")
    assert staff_of(rt, token) is None
    assert outcome(rt, "some other words") == "in"  # nor does somebody who guessed keep her out
    assert outcome(rt) == "wrong"


def test_a_closed_account_has_no_link(rt):
    boss, token = employ(rt, "boss"), invite(rt)
    with transaction(rt.sessions) as db:
        binta = accounts.by_email(db, "binta@example.org")
        managing.close(db, rt.now(), who(rt, boss), binta.id)
        with pytest.raises(Refused, match="closed"):
            managing.new_link(db, rt.now(), who(rt, boss), binta.id)
    with pytest.raises(Over):
        own.choose_password(rt, token, PASSWORD, "")


# ---- the second factor


def with_factor(rt: Runtime, account: Account) -> tuple[pyotp.TOTP, Sequence[str]]:
    staff = who(rt, account)
    own.begin_factor(rt, HERE, staff, PASSWORD)
    with transaction(rt.sessions) as db:
        phone = pyotp.TOTP(db.get_one(Account, account.id).totp_pending)
        return phone, own.confirm_factor(db, rt, HERE, staff, phone.at(rt.now()))


def test_a_second_factor_holds_once_the_phone_has_shown_a_right_code(rt, clock):
    account = employ(rt)
    staff = who(rt, account)
    with pytest.raises(Wrong):
        own.begin_factor(rt, HERE, staff, "not her password")
    own.begin_factor(rt, HERE, staff, PASSWORD)
    with transaction(rt.sessions) as db, pytest.raises(Wrong):
        own.confirm_factor(db, rt, HERE, staff, "000000")
    assert outcome(rt) == "in"
    phone, codes = with_factor(rt, account)
    assert len(set(codes)) == 8
    assert outcome(rt) == "halfway"
    opened = sign_in(rt)
    assert staff_of(rt, opened.token) is None
    with pytest.raises(Wrong):
        entry.second_step(rt, HERE, opened.token, "000000")
    with pytest.raises(Wrong):
        entry.second_step(rt, HERE, opened.token, phone.at(rt.now()))  # it confirmed, and counts no second time
    clock.move(seconds=30)
    inside = entry.second_step(rt, HERE, opened.token, phone.at(rt.now()))
    assert staff_of(rt, inside.token)
    assert staff_of(rt, opened.token) is None
    with pytest.raises(Over):
        entry.second_step(rt, HERE, opened.token, phone.at(clock.move(seconds=30)))


def test_a_code_counts_once_also_for_two_at_the_same_time(live_rt, clock):
    account = employ(live_rt)
    phone, codes = with_factor(live_rt, account)
    clock.move(seconds=30)
    for code in (phone.at(live_rt.now()), codes[0]):
        begun = [sign_in(live_rt).token for _ in range(4)]
        results = at_once([lambda t=t, c=code: entry.second_step(live_rt, HERE, t, c) for t in begun])
        assert [type(r).__name__ for r in results].count("Opened") == 1


def test_a_recovery_code_opens_once(rt, clock):
    account = employ(rt)
    _, codes = with_factor(rt, account)
    assert entry.second_step(rt, HERE, sign_in(rt).token, codes[3].lower().replace("-", " "))
    with pytest.raises(Wrong):
        entry.second_step(rt, HERE, sign_in(rt).token, codes[3])
    with transaction(rt.sessions) as db:
        assert totp.recovery_codes_left(db, account.id) == 7
        assert not set(codes) & set(db.scalars(select(RecoveryCode.digest)))
    fresh = own.renew_recovery_codes(rt, HERE, who(rt, account), PASSWORD)
    with pytest.raises(Wrong):
        entry.second_step(rt, HERE, sign_in(rt).token, codes[4])
    assert entry.second_step(rt, HERE, sign_in(rt).token, fresh[0])


def test_codes_can_not_be_tried_one_after_the_other(rt, clock):
    account = employ(rt)
    phone, _ = with_factor(rt, account)
    clock.move(seconds=30)
    for _ in range(5):
        token = sign_in(rt, caller=THERE).token  # a right password opens no more tries
        with pytest.raises(Wrong):
            entry.second_step(rt, THERE, token, "123456")
    with pytest.raises(Closed):
        entry.second_step(rt, HERE, token, phone.at(rt.now()))
    clock.move(seconds=1)
    assert entry.second_step(rt, HERE, token, phone.at(rt.now()))


def test_the_second_step_comes_soon_after_the_first(rt, clock):
    account = employ(rt)
    phone, _ = with_factor(rt, account)
    token = sign_in(rt).token
    clock.move(minutes=10)
    with pytest.raises(Over):
        entry.second_step(rt, HERE, token, phone.at(rt.now()))


def test_where_administrators_need_one_it_is_set_up_before_anything_else(rt, clock):
    rt = replace(rt, settings=replace(rt.settings, require_totp=True))
    account, coach = employ(rt), employ(rt, "coach", "programme")
    before = replace(rt, settings=replace(rt.settings, require_totp=False))
    old = sign_in(before).token
    assert staff_of(before, old)
    assert staff_of(rt, old) is None
    assert sign_in(rt, name="coach").needs == ""
    seen = set()
    for _ in range(2):
        opened = sign_in(rt)
        assert opened.needs == "factor"
        assert staff_of(rt, opened.token) is None
        with transaction(rt.sessions) as db:
            seen.add(db.get_one(Account, account.id).totp_pending)
    assert len(seen) == 2  # who saw the first picture has nothing of the second
    with transaction(rt.sessions) as db:
        phone = pyotp.TOTP(entry.halfway(db, rt, opened.token).totp_pending)
    with pytest.raises(Wrong):
        entry.set_up(rt, HERE, opened.token, "000000")
    inside, codes = entry.set_up(rt, HERE, opened.token, phone.at(rt.now()))
    assert staff_of(rt, inside.token)
    assert len(codes) == 8
    with pytest.raises(Refused, match="need a second factor"):
        own.remove_factor(rt, HERE, who(rt, account), PASSWORD)
    assert who(rt, coach)


def test_a_second_factor_goes_with_the_password(rt):
    account = employ(rt)
    with_factor(rt, account)
    with pytest.raises(Wrong):
        own.remove_factor(rt, HERE, who(rt, account), "not her password")
    own.remove_factor(rt, HERE, who(rt, account), PASSWORD)
    assert outcome(rt) == "in"
    with pytest.raises(Refused, match="no second factor"):
        own.renew_recovery_codes(rt, HERE, who(rt, account), PASSWORD)


# ---- ends of sign-ins


def test_a_sign_out_ends_this_browser_and_everywhere_ends_the_others(rt):
    account = employ(rt)
    first, second, third = (sign_in(rt).token for _ in range(3))
    entry.sign_out(rt, who(rt, account), first, "192.0.2.1")
    assert [staff_of(rt, t) is not None for t in (first, second, third)] == [False, True, True]
    with transaction(rt.sessions) as db:
        own.sign_out_elsewhere(db, rt, who(rt, account), second)
    assert [staff_of(rt, t) is not None for t in (first, second, third)] == [False, True, False]


def test_a_new_password_ends_the_other_sign_ins(rt):
    account = employ(rt)
    mine, other = sign_in(rt).token, sign_in(rt).token
    with pytest.raises(Wrong):
        own.change_password(rt, HERE, who(rt, account), mine, "not it", "cinq autres mots")
    own.change_password(rt, HERE, who(rt, account), mine, PASSWORD, "cinq autres mots")
    assert [staff_of(rt, t) is not None for t in (mine, other)] == [True, False]
    assert (outcome(rt), outcome(rt, "cinq autres mots")) == ("wrong", "in")


def test_closing_ends_everything_and_opening_again_brings_nothing_back(rt):
    boss, account = employ(rt, "boss"), employ(rt, role="programme")
    token = sign_in(rt).token
    with transaction(rt.sessions) as db:
        managing.close(db, rt.now(), who(rt, boss), account.id)
    assert (staff_of(rt, token), outcome(rt)) == (None, "wrong")
    with transaction(rt.sessions) as db:
        managing.open_again(db, rt.now(), who(rt, boss), account.id)
    assert (staff_of(rt, token), outcome(rt)) == (None, "in")


def test_old_rows_are_tidied_away(rt, clock):
    employ(rt, "boss")
    invite(rt)
    old = sign_in(rt, name="boss").token
    outcome(rt, "wrong")
    clock.move(days=8)
    fresh = sign_in(rt, name="boss").token
    with transaction(rt.sessions) as db:
        staff.forget_old(db, rt.now())
    assert (staff_of(rt, old), staff_of(rt, fresh) is not None) == (None, True)
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Ticket)).all() == []
        assert len(db.scalars(select(Throttle)).all()) == 2  # of the sign-in just now


# ---- accounts


def test_a_facility_answers_for_what_lies_below_its_places(rt):
    settle(rt)
    token = invite(rt, role="facility", places=frozenset({COMMUNE_1}))
    own.choose_password(rt, token, PASSWORD, "")
    found = staff_of(rt, sign_in(rt, name="binta").token)
    assert found
    assert SOTUBA in found.scope.facilities
    assert len(found.scope.facilities) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"role": "facility"}, "at least one"),
        ({"role": "viewer", "places": frozenset({999})}, "places of the list"),
        ({"role": "queen"}, "roles"),
        ({"language": "bm"}, "languages"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "binta"}, "e-mail"),
        ({"email": "AWA@example.org"}, "already"),
    ],
)
def test_an_account_that_can_not_be_is_refused(rt, change, why):
    employ(rt)
    wanted = replace(Wanted("Binta", "binta@example.org", "programme", "fr"), **change)
    with pytest.raises(Refused, match=why), transaction(rt.sessions) as db:
        managing.invite(db, rt.now(), None, wanted)
    binta = employ(rt, "binta", "programme")
    with pytest.raises(Refused, match=why), transaction(rt.sessions) as db:
        managing.change(db, rt.now(), None, binta.id, wanted)


def test_a_role_without_bounds_has_no_places(rt):
    settle(rt)
    boss, token = employ(rt, "boss"), invite(rt, role="facility", places=frozenset({SOTUBA}))
    del token
    with transaction(rt.sessions) as db:
        binta = accounts.by_email(db, "binta@example.org")
        wanted = Wanted("Binta", "binta@example.org", "programme", "fr", frozenset({SOTUBA}))
        managing.change(db, rt.now(), who(rt, boss), binta.id, wanted)
        assert managing.places_of(db, [binta.id]) == {binta.id: []}
        [told] = db.scalars(select(AuditEntry.details).where(AuditEntry.action == "account.changed"))
    assert told == {"role": ["facility", "programme"], "places": [[SOTUBA], []]}


def test_nobody_changes_her_own_role_nor_closes_herself(rt):
    boss, _ = employ(rt, "boss"), employ(rt)
    staff = who(rt, boss)
    for attempt in (
        lambda db: managing.change(db, rt.now(), staff, boss.id, Wanted("Boss", "boss@example.org", "programme", "fr")),
        lambda db: managing.close(db, rt.now(), staff, boss.id),
        lambda db: managing.new_link(db, rt.now(), staff, boss.id),
        lambda db: managing.drop_factor(db, rt.now(), staff, boss.id),
    ):
        with pytest.raises(Refused, match="own"), transaction(rt.sessions) as db:
            attempt(db)


def test_a_new_role_asks_for_a_new_sign_in(rt):
    boss, account = employ(rt, "boss"), employ(rt, role="programme")
    token = sign_in(rt).token
    with transaction(rt.sessions) as db:
        wanted = Wanted("Awa", "awa@example.org", "administrator", "fr")
        managing.change(db, rt.now(), who(rt, boss), account.id, wanted)
    assert staff_of(rt, token) is None


@pytest.mark.parametrize("how", ["close", "demote"])
def test_the_last_administrator_stays(rt, how):
    boss, invited = employ(rt, "boss"), employ(rt, "invited")
    with transaction(rt.sessions) as db:
        db.get_one(Account, invited.id).password = None  # she can not sign in yet: she does not count
    wanted = Wanted("Boss", "boss@example.org", "programme", "fr")
    ends = {"close": managing.close, "demote": partial(managing.change, wanted=wanted)}[how]
    with pytest.raises(Refused, match="last administrator"), transaction(rt.sessions) as db:
        ends(db, rt.now(), None, boss.id)


def test_two_administrators_who_close_each_other_leave_one(live_rt):
    first, second = employ(live_rt, "first"), employ(live_rt, "second")

    def closes(by: Account, other: Account) -> None:
        staff = who(live_rt, by)
        with transaction(live_rt.sessions) as db:
            managing.close(db, live_rt.now(), staff, other.id)

    results = at_once([lambda: closes(first, second), lambda: closes(second, first)])
    assert sorted(type(r).__name__ for r in results) == ["NoneType", "Refused"]


def test_accounts_are_listed_by_name_and_found_by_a_piece_of_it(rt):
    settle(rt)
    with transaction(rt.sessions) as db:
        values = {"role": "programme", "language": "fr", "created_at": rt.now()}
        rows = [{"name": f"Name {n:03}", "email": f"n{n}@example.org", **values} for n in range(120)]
        db.execute(insert(Account), rows)
    with transaction(rt.sessions) as db:
        seen, after = [], None
        while True:
            page = managing.listing(db, after=after)
            seen += [row.name for row in page.rows]
            if not (after := page.after):
                break
        assert seen == [f"Name {n:03}" for n in range(120)]
        assert [row.name for row in managing.listing(db, words="NAME 07").rows] == [f"Name 07{n}" for n in range(10)]
        assert [row.name for row in managing.listing(db, words="n7@").rows] == ["Name 007"]
        assert managing.listing(db, words="%").rows == []
        assert managing.listing(db, role="viewer").rows == []
        assert managing.listing(db, closed=True).rows == []


# ---- the trail


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'somebody else'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_trail_is_only_ever_added_to(rt, statement):
    with transaction(rt.sessions) as db:
        audit.note(db, rt.now(), None, "people.viewed", "person:1")
    with pytest.raises(DBAPIError, match="only ever added to"), transaction(rt.sessions) as db:
        db.execute(text(statement))
    assert noted(rt) == ["people.viewed"]


def test_the_trail_is_read_by_who_what_on_whom_and_when(rt, clock):
    awa, boss = who(rt, employ(rt)), who(rt, employ(rt, "boss"))
    began = clock.at
    with transaction(rt.sessions) as db:
        for n in range(60):
            audit.note(db, clock.move(minutes=1), awa if n % 2 else boss, "people.viewed", f"person:{n // 10}")
        audit.note(db, clock.move(minutes=1), None, "people.exported")
        audit.note_stranger(db, clock.move(minutes=1), "account.refused", "", "192.0.2.1")

        def count(**wanted: Any) -> int:
            return len(trail.entries(db, trail.Wanted(**wanted)).rows)

        assert count(account_id=awa.id) == 30
        assert count(who=audit.COMMAND_LINE) == count(action="people.exported") == 1
        assert count(who=audit.NOBODY) == 1
        assert count(subject="person:3") == 10
        assert count(subject="person:3", account_id=awa.id) == 5
        assert count(since=began + timedelta(minutes=60)) == 3
        assert count(until=began + timedelta(minutes=10)) == 9
        first = trail.entries(db, trail.Wanted(action="people.viewed"))
        second = trail.entries(db, trail.Wanted(action="people.viewed"), first.after)
        assert [row.id for row in [*first.rows, *second.rows]] == sorted(
            (row.id for row in [*first.rows, *second.rows]), reverse=True
        )
        assert (len(first.rows), len(second.rows), second.after) == (50, 10, None)


def test_each_way_to_read_the_trail_has_its_index(rt):
    with transaction(rt.sessions) as db:
        values = {"at": rt.now(), "account_id": 7, "who": "x", "action": "people.viewed", "address": ""}
        db.execute(insert(AuditEntry), [{**values, "subject": f"person:{n}"} for n in range(3000)])
        db.execute(text("ANALYZE audit"))
        db.execute(text("SET LOCAL enable_seqscan = off"))
        for column, index in (("account_id = 8", "account_id"), ("subject = 'person:7'", "subject"), ("true", "at")):
            plan = "\n".join(
                db.scalars(text(f"EXPLAIN SELECT * FROM audit WHERE {column} ORDER BY at DESC, id DESC LIMIT 51"))
            )
            assert f"ix_audit_{index}" in plan, plan
            assert "Sort" not in plan, plan


def test_sign_ins_are_shown_without_their_secret(rt):
    account = employ(rt)
    token = sign_in(rt).token
    with transaction(rt.sessions) as db:
        [here] = signins.of(db, account.id)
    assert (here.began_at, here.address) == (rt.now(), "192.0.2.1")
    assert here.digest != token


# ---- the command line


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli.bare_app().cli, ["staff", *arguments])


@pytest.fixture
def served(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The commands work on this test's database."""
    monkeypatch.setattr(cli.staff, "runtime", lambda: rt)
    settle(rt)
    return rt


def test_the_first_administrator_comes_by_the_command_line(served):
    made = run("add", "Boss@Example.org", "--role", "administrator", "--name", "La cheffe")
    assert made.exit_code == 0, made.stderr
    link = made.stdout.splitlines()[-1]
    assert link.startswith("http://127.0.0.1:8000/link/")
    own.choose_password(served, link.rpartition("/")[2], PASSWORD, "")
    assert outcome(served, name="boss") == "in"
    again = run("link", "BOSS@example.org").stdout.splitlines()[-1]
    own.choose_password(served, again.rpartition("/")[2], "another good one", "")
    assert outcome(served, name="boss") == "wrong"
    assert outcome(served, "another good one", name="boss") == "in"


def test_accounts_are_listed_and_closed(served):
    assert run("list").stdout == "no account\n"
    employ(served, "boss")
    assert run("add", "binta@example.org", "--role", "facility", "--name", "Binta", "--place", "sotuba").exit_code == 0
    assert "binta@example.org" in run("list").stdout
    [binta, boss] = json.loads(run("list", "--json").stdout)
    assert binta == {
        "email": "binta@example.org",
        "name": "Binta",
        "role": "facility",
        "state": "invited",
        "places": ["CSCom Sotuba"],
    }
    assert (boss["state"], boss["places"]) == ("open", [])
    assert run("close", "binta@example.org").stdout == "closed\n"
    assert json.loads(run("list", "--json").stdout)[0]["state"] == "closed"
    with transaction(served.sessions) as db:
        assert set(db.scalars(select(AuditEntry.who))) == {audit.COMMAND_LINE}


def test_a_lost_phone_is_forgotten_by_the_command_line(served, clock):
    account = employ(served)
    with_factor(served, account)
    assert run("link", "awa@example.org", "--drop-factor").exit_code == 0
    assert outcome(served) == "in"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "awa@example.org", "--role", "viewer", "--name", "Awa"), "at least one"),
        (("add", "awa@example.org", "--role", "viewer", "--name", "Awa", "--place", "Paris"), "no place is called"),
        (("add", "awa", "--role", "programme", "--name", "Awa"), "e-mail"),
        (("add", "boss@example.org", "--role", "programme", "--name", "Awa"), "already"),
        (("add", "awa@example.org", "--role", "queen", "--name", "Awa"), "queen"),
        (("link", "awa@example.org"), "no account has the address"),
        (("close", "boss@example.org"), "last administrator"),
    ],
)
def test_a_command_that_can_not_be_says_why_in_one_line(served, words, why):
    employ(served, "boss")
    done = run(*words)
    assert done.exit_code != 0
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_name_of_two_places_asks_which_is_meant(served):
    with transaction(served.sessions) as db:
        db.add(Place(kind="region", name="Kadiolo"))
    words = ("add", "awa@example.org", "--role", "viewer", "--name", "Awa", "--place")
    assert "region:Kadiolo" in run(*words, "Kadiolo").stderr
    assert run(*words, "district:Kadiolo").exit_code == 0


# ---- the demonstration


def test_the_demonstration_brings_its_staff(demo_rt):
    rt = demo_rt
    opened = [sign_in(rt, "demo-only-change-me", name) for name in ("admin", "coach", "agent.sotuba", "officer")]
    admin, coach, agent, officer = (staff_of(rt, one.token) for one in opened)
    roles = [one.role for one in (admin, coach, agent, officer)]
    assert roles == ["administrator", "programme", "facility", "surveillance"]
    assert admin.scope.facilities is coach.scope.facilities is None
    with transaction(rt.sessions) as db:
        assert [db.get_one(Place, place).name for place in agent.scope.facilities] == ["CSCom Sotuba"]
        hers = {db.get_one(Place, place).name for place in officer.scope.facilities}
    assert hers == {"CSCom Sotuba", "CSCom Boulkassoumbougou"}
    assert tuple(one.email for one in (admin, coach, agent, officer)) == DEMO_STAFF
