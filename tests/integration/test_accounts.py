"""One's own account, the staff's accounts and the audit trail, as pages."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest
from sqlalchemy import insert, select, update

from smsapp import people
from smsapp.db import transaction
from smsapp.handlers.console import deeds
from smsapp.runtime import Runtime
from smsapp.staff import Account, AuditEntry, audit, entry, own, passwords, totp
from smsapp.staff.tables import RecoveryCode
from smsapp.staff.throttle import Caller
from tests.desk import Desk
from tests.village import BAMAKO, COMMUNE_1, KADIOLO, SOTUBA, settle

PASSWORD = "quatre petits mots ici"
KEPT = passwords.make(PASSWORD)


@pytest.fixture
def boss(rt: Runtime) -> Desk:
    """An administrator who reads English."""
    settle(rt)
    return seated(rt, "administrator", name="La Cheffe")


def seated(rt: Runtime, role: str, **more: Any) -> Desk:
    desk = Desk.of(rt, role, language="en", **more)
    with transaction(rt.sessions) as db:
        db.execute(update(Account).where(Account.id == desk.account.id).values(password=KEPT))
    return desk


def account(rt: Runtime, email: str) -> Account:
    with transaction(rt.sessions) as db:
        return db.scalars(select(Account).where(Account.email == email)).one()


def actions(rt: Runtime) -> list[str]:
    with transaction(rt.sessions) as db:
        return list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# ---- one's own


@pytest.mark.parametrize("role", ["administrator", "viewer"])
def test_everybody_may_change_her_name_and_language(rt, role):
    settle(rt)
    desk = seated(rt, role, places=[SOTUBA] if role == "viewer" else ())
    page = desk.see("/account")
    assert "My account" in page
    assert ("CSCom Sotuba" if role == "viewer" else "all places") in page
    assert desk.post("/account", {"name": "  Awa   Keita ", "language": "fr"}).status_code == 303
    assert "Mon compte" in desk.see("/account")
    assert 'value="Awa Keita"' in desk.see("/account")
    refused = desk.post("/account", {"name": "x" * 101, "language": "fr"})
    assert refused.status_code == 422
    assert "Un nom a de 1 à 100 caractères." in refused.text
    unspoken = desk.post("/account", {"name": "Awa", "language": "bm"})
    assert unspoken.status_code == 422
    assert "Choisissez une des langues." in unspoken.text
    assert desk.post("/account", {"name": "Awa", "language": "fr", "role": "administrator"}).status_code == 303
    assert account(rt, desk.account.email).role == role


def test_a_password_is_changed_with_the_one_before(rt, boss):
    other = Desk(rt, boss.account)
    wrong = boss.post("/account/password", {"old": "not it", "new": "cinq autres petits mots"})
    assert wrong.status_code == 401
    assert "This is not your password." in wrong.text
    weak = boss.post("/account/password", {"old": PASSWORD, "new": "motdepasse123"})
    assert weak.status_code == 422
    assert "one of those that are tried first" in weak.text
    done = boss.post("/account/password", {"old": PASSWORD, "new": "cinq autres petits mots"}, follow_redirects=True)
    assert "Your new password is kept." in done.text
    assert other.get("/account").status_code == 302
    assert entry.sign_in(rt, Caller("192.0.2.1"), boss.account.email, "cinq autres petits mots")


def test_passwords_can_not_be_guessed_from_a_page_left_open(rt, boss):
    tries = [boss.post("/account/password", {"old": f"guess {n}", "new": "cinq autres petits mots"}) for n in range(6)]
    assert [answer.status_code for answer in tries] == [401] * 6
    assert "nothing is tried for now" in tries[5].text
    right = boss.post("/account/second-factor", {"password": PASSWORD})
    assert right.status_code == 401


def test_a_second_factor_is_set_up_moved_and_removed(rt, boss, clock):
    assert "You have none" in boss.see("/account/second-factor")
    assert boss.get("/account/second-factor/new").status_code == 302
    assert boss.post("/account/second-factor", {"password": "not it"}).status_code == 401
    begun = boss.post("/account/second-factor", {"password": PASSWORD}, follow_redirects=True)
    [letters] = re.findall(r'class="letters">([A-Z2-7 ]+)<', begun.text)
    phone = pyotp.TOTP(letters.replace(" ", ""))
    assert "otpauth://totp/" in begun.text
    assert 'src="data:image/svg+xml' in begun.text
    wrong = boss.post("/account/second-factor/new", {"code": "000000"})
    assert wrong.status_code == 401
    assert letters in wrong.text  # the same picture still counts
    done = boss.post("/account/second-factor/new", {"code": phone.at(rt.now())})
    codes = re.findall(r"<li><code>([A-Z2-9-]{14})</code>", done.text)
    assert len(codes) == 8
    assert "8 recovery codes are left." in boss.see("/account/second-factor")
    renewed = boss.post("/account/second-factor/codes", {"password": PASSWORD})
    assert not set(codes) & set(re.findall(r"<li><code>([A-Z2-9-]{14})</code>", renewed.text))
    boss.post("/account/second-factor", {"password": PASSWORD})
    with transaction(rt.sessions) as db:
        account_ = db.get_one(Account, boss.account.id)
        assert account_.totp_secret == phone.secret  # holds until the other phone has shown a code
        assert account_.totp_pending not in {None, phone.secret}
    gone = boss.post("/account/second-factor/remove", {"password": PASSWORD}, follow_redirects=True)
    assert "the password alone opens your account" in gone.text
    with transaction(rt.sessions) as db:
        assert db.scalars(select(RecoveryCode)).all() == []
    assert [a for a in actions(rt) if "signed" not in a and a != "account.refused"] == [
        "account.factor_set",
        "account.codes_renewed",
        "account.factor_removed",
    ]


def test_she_sees_where_she_is_signed_in_and_ends_it_elsewhere(rt, boss):
    other = Desk(rt, boss.account)
    page = boss.see("/account")
    assert page.count("since") == 2
    assert page.count("127.0.0.1") == 2
    assert boss.post("/account/sign-out-elsewhere").status_code == 303
    assert other.get("/account").status_code == 302
    assert "Sign out everywhere else" not in boss.see("/account")


# ---- everybody's


def form(name: str = "Binta", role: str = "facility", places: Any = (SOTUBA,), **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "email": f"{name}@example.org",
        "role": role,
        "language": "fr",
        "places": list(places),
        **more,
    }


def test_an_invitation_shows_its_link_once(rt, boss):
    assert "CSCom Kadiolo Central" in boss.see("/staff/new")
    made = boss.post("/staff/new", form())
    assert made.status_code == 200
    [path] = re.findall(r"http://127\.0\.0\.1:8000(/link/[\w-]{43})", made.text)
    binta = account(rt, "binta@example.org")
    assert path not in boss.see(f"/staff/{binta.id}")
    assert "not used yet, good until" in boss.see(f"/staff/{binta.id}")
    listed = boss.see("/staff")
    assert "not accepted yet" in listed
    assert "CSCom Sotuba" in listed
    own.choose_password(rt, path.rpartition("/")[2], PASSWORD, "")
    assert "not accepted yet" not in boss.see("/staff")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"places": ()}, "This role sees only its places: choose at least one."),
        ({"places": (10**30,)}, "Choose places of the list."),
        ({"places": ("x",)}, "Choose places of the list."),
        ({"role": "queen"}, "Choose one of the roles."),
        ({"email": "no address"}, "This is not an e-mail address"),
        ({"email": "la.cheffe@example.org"}, "There is an account with this e-mail address already."),
        ({"name": "x" * 101}, "A name has 1 to 100 characters."),
        ({"name": "\0"}, "A name has 1 to 100 characters."),
        ({"language": "bm"}, "Choose one of the languages."),
    ],
)
def test_what_can_not_be_is_told_beside_its_field_and_nothing_is_lost(rt, boss, change, why):
    answer = boss.post("/staff/new", form(**({"name": "Awa Keïta", "email": "awa@example.org"} | change)))
    assert answer.status_code == 422
    assert why in answer.text
    assert 'class="problem"' in answer.text
    assert ('value="Awa Keïta"' in answer.text) or "name" in change
    if "places" not in change:
        assert f'value="{SOTUBA}" checked' in answer.text
    with transaction(rt.sessions) as db:
        assert db.scalars(select(Account.email)).all() == ["la.cheffe@example.org"]


def test_an_account_is_changed_closed_and_opened(rt, boss):
    awa = Desk.of(rt, "programme", name="Awa")
    at = f"/staff/{awa.account.id}"
    assert boss.post(at, form("Awa", "viewer", (COMMUNE_1, KADIOLO))).status_code == 303
    page = boss.see(at)
    for place in (COMMUNE_1, KADIOLO):
        assert f'value="{place}" checked' in page
    assert f'value="{BAMAKO}" checked' not in page
    assert awa.get("/account").status_code == 302  # a new role asks for a new sign-in
    assert boss.post(f"{at}/close").status_code == 303
    assert "This account is closed" in boss.see(at)
    assert "Awa" not in boss.see("/staff")
    assert "Awa" in boss.see("/staff?state=closed")
    assert "Open it again first" in boss.post(f"{at}/link", follow_redirects=True).text
    boss.post(f"{at}/open")
    assert "/link/" in boss.post(f"{at}/link").text
    with transaction(rt.sessions) as db:
        [change] = db.scalars(select(AuditEntry.details).where(AuditEntry.action == "account.changed"))
    assert change["role"] == ["programme", "viewer"]
    trail = boss.see("/trail?what=account.changed")
    assert "Programme → Viewer" in trail


def test_a_lost_phone_is_forgotten_by_an_administrator(rt, boss):
    awa = Desk.of(rt, "programme", name="Awa")
    with transaction(rt.sessions) as db:
        db.execute(update(Account).where(Account.id == awa.account.id).values(totp_secret=pyotp.random_base32()))
        totp.renew_recovery_codes(db, awa.account.id)
    at = f"/staff/{awa.account.id}"
    assert "Remove the second factor" in boss.see(at)
    boss.post(f"{at}/drop-factor")
    assert "Remove the second factor" not in boss.see(at)
    assert awa.get("/account").status_code == 302
    with transaction(rt.sessions) as db:
        assert db.scalars(select(RecoveryCode)).all() == []


def test_an_open_session_has_no_more_rights_than_the_account(rt, boss):
    """With the next click, not with the next sign-in: places, then the role, then the account itself."""
    with transaction(rt.sessions) as db:
        mother = people.add(db, rt.now(), number="+22378000001", name="Wwqueen", facility_id=SOTUBA).id
    awa = Desk.of(rt, "facility", name="Awa", places=[SOTUBA])
    at, hers = f"/staff/{awa.account.id}", f"/people/{mother}"
    assert "Wwqueen" in awa.see(hers)
    assert "Wwqueen" in awa.see("/people")
    boss.post(at, form("Awa", "facility", (KADIOLO,)))
    awa.see(hers, 404)
    assert awa.post(f"{hers}/edit", {"name": "X"}).status_code == 404
    assert "Wwqueen" not in awa.see("/people")
    boss.post(at, form("Awa", "facility", (SOTUBA,)))
    assert "Wwqueen" in awa.see(hers)
    boss.post(at, form("Awa", "viewer", (SOTUBA,)))
    for answer in (awa.get(hers), awa.post(f"{hers}/edit", {"name": "X"})):
        assert answer.headers["Location"].startswith("/sign-in")
    binta = Desk.of(rt, "facility", name="Binta", places=[SOTUBA])
    assert "Wwqueen" in binta.see(hers)
    boss.post(f"/staff/{binta.account.id}/close")
    for answer in (binta.get(hers), binta.post(f"{hers}/edit", {"name": "X"})):
        assert answer.headers["Location"].startswith("/sign-in")
    boss.post(f"/staff/{binta.account.id}/open")
    assert binta.get(hers).status_code == 302, "what was closed does not open by itself"


def test_whatever_changes_an_account_says_from_where(rt, boss):
    """Of a browser elsewhere, at every step that an administrator or the owner takes."""
    boss.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    boss.post("/staff/new", form("Binta", "programme", ()))
    awa = Desk.of(rt, "programme", name="Awa")
    at = f"/staff/{awa.account.id}"
    boss.post(at, form("Awa", "viewer", (COMMUNE_1,)))
    for act in ("link", "sign-out", "drop-factor", "close", "open"):
        boss.post(f"{at}/{act}")
    boss.post("/account", {"name": "La Chef", "language": "en"})
    boss.post("/account/sign-out-elsewhere")
    with transaction(rt.sessions) as db:
        noted = db.execute(select(AuditEntry.action, AuditEntry.address).order_by(AuditEntry.id)).all()
    assert {address for _, address in noted} == {"198.51.100.7"}
    assert [action.removeprefix("account.") for action, _ in noted] == [
        "invited",
        "changed",
        "link_made",
        "signed_out_everywhere",
        "factor_removed",
        "closed",
        "opened",
        "changed",
        "signed_out_everywhere",
    ]


def test_somebody_is_signed_out_everywhere(rt, boss):
    awa = Desk.of(rt, "programme", name="Awa")
    assert "in 1 browser" in boss.see(f"/staff/{awa.account.id}")
    boss.post(f"/staff/{awa.account.id}/sign-out")
    assert awa.get("/account").status_code == 302
    assert "in 0 browser" in boss.see(f"/staff/{awa.account.id}")


def test_nobody_does_to_herself_what_only_another_may(rt, boss):
    at = f"/staff/{boss.account.id}"
    for act in ("close", "link", "drop-factor"):
        assert "own" in boss.post(f"{at}/{act}", follow_redirects=True).text
    answer = boss.post(at, form("La Cheffe", "programme", (), email="la.cheffe@example.org"))
    assert answer.status_code == 422
    assert "Nobody changes her own role." in answer.text
    assert account(rt, "la.cheffe@example.org").active


@pytest.mark.parametrize("path", ["/staff/999999", "/staff/99999999999999999999", "/staff/0"])
def test_an_account_that_is_not_there_is_not_found(boss, path):
    assert boss.get(path).status_code == 404
    for act in ("", "/close", "/open", "/link", "/sign-out", "/drop-factor"):
        assert boss.post(f"{path}{act}", form()).status_code == 404


def test_a_thousand_accounts_are_turned_over_page_by_page(rt, boss):
    values = {"role": "programme", "language": "fr", "created_at": rt.now()}
    with transaction(rt.sessions) as db:
        db.execute(insert(Account), [{"name": f"N{n:04}", "email": f"n{n}@example.org", **values} for n in range(120)])
    seen, address = [], "/staff?q=n"
    while address:
        page = boss.see(address)
        seen += re.findall(r">(N\d{4})</a>", page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        address = after[1].replace("&amp;", "&") if after else ""
    assert seen == [f"N{n:04}" for n in range(120)]
    assert "Nobody found" in boss.see("/staff?q=zzz")
    assert boss.see("/staff?after=nonsense&role=nonsense&state=x")


# ---- the trail


def test_the_trail_is_told_in_words(rt, boss):
    with transaction(rt.sessions) as db:
        audit.note(db, rt.now(), boss.staff, "account.closed", audit.of(boss.account.id), address="192.0.2.9")
        audit.note_stranger(db, rt.now(), "account.refused", "", "192.0.2.9", wrong="password")
        audit.note(db, rt.now(), None, "account.invited", audit.of(boss.account.id), role="viewer")
    page = boss.see("/trail")
    for words in ("La Cheffe", "closed the account", "192.0.2.9", "somebody at the door", "command line"):
        assert words in page
    assert "wrong was: the password" in page
    assert f'href="/staff/{boss.account.id}"' in page
    only = boss.see("/trail?who=nobody")
    assert "wrong try at the door" in only
    assert ">closed the account</td>" not in only
    assert "No line of the trail" in boss.see("/trail?what=account.paused")
    mine = boss.see(
        f"/trail?who={boss.account.id}&kind=account&number={boss.account.id}&since=2026-03-10&until=2026-03-10"
    )
    assert ">closed the account</td>" in mine
    assert "No line of the trail" in boss.see("/trail?since=2026-03-11")


def test_every_kind_of_subject_leads_to_its_page(rt, boss):
    """Also where a page was renamed: the trail must not break over it."""
    with transaction(rt.sessions) as db:
        for kind in (*deeds.SUBJECTS, "dragon"):
            audit.note(db, rt.now(), None, "people.viewed", f"{kind}:7")
        audit.note(db, rt.now(), None, "no.such_deed", "person:x")
    page = boss.see("/trail")
    assert "dragon 7" in page
    assert "no.such_deed" in page
    assert 'href="/staff/7"' in page
    assert page.count(">Person 7<") == 1


@pytest.mark.parametrize(
    "query",
    [
        "who=x",
        "who=99999999999999999999",
        "kind=person",
        "number=12",
        "kind=person&number=x",
        "kind=dragon&number=1",
        "since=tomorrow",
        "until=9999-12-31",
        "since=2026-02-30",
    ],
)
def test_a_filter_that_can_not_be_says_what_to_do(boss, query):
    page = boss.see(f"/trail?{query}", 422)
    assert 'role="alert"' in page


def test_a_word_that_nobody_wrote_finds_nothing(boss):
    for query in ("what=%00", "what=x'--", "after=x", "kind=person&number=999999999999999999"):
        boss.see(f"/trail?{query}")
