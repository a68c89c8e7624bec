"""Somebody of the staff at the console: signed in, and able to send its forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Flask
from flask_wtf.csrf import URLSafeTimedSerializer
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from smsapp.db import transaction
from smsapp.handlers.console import create_console
from smsapp.runtime import Runtime
from smsapp.staff import Account, AccountPlace, Staff, accounts, signins

TOKEN = "of-this-session"


class _Compiled(BytecodeCache):
    """Every test makes a console of its own; its templates are compiled once for all of a process."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


def console_of(rt: Runtime) -> Flask:
    console = create_console(rt)
    console.jinja_env.bytecode_cache = COMPILED
    return console


def employ(
    rt: Runtime, role: str = "administrator", *, name: str = "", places: Collection[int] = (), language: str = "fr"
) -> Account:
    """An account of this role that answers for these places."""
    with transaction(rt.sessions) as db:
        name = name or f"Une {role}"
        account = Account(
            name=name,
            email=f"{name.replace(' ', '.').lower()}@example.org",
            role=role,
            language=language,
            created_at=rt.now(),
        )
        db.add(account)
        db.flush()
        db.add_all(AccountPlace(account_id=account.id, place_id=place) for place in places)
    return account


class Desk:
    """A browser without scripts in which an account is signed in; nobody is where `account` is None."""

    def __init__(self, rt: Runtime, account: Account | None) -> None:
        console = console_of(rt)
        self.rt, self.account, self.client = rt, account, console.test_client()
        self.csrf = URLSafeTimedSerializer(console.secret_key, salt="wtf-csrf-token").dumps(TOKEN)
        with self.client.session_transaction() as session:
            session["csrf_token"] = TOKEN
            if account is not None:
                with transaction(rt.sessions) as db:
                    session["_user_id"] = signins.begin(db, rt.now(), account.id, "127.0.0.1", complete=True)
                session["_fresh"] = True

    @classmethod
    def of(cls, rt: Runtime, role: str = "administrator", **more: Any) -> Desk:
        return cls(rt, employ(rt, role, **more))

    @property
    def staff(self) -> Staff:
        """Who sits here, as domain functions want her."""
        assert self.account
        with transaction(self.rt.sessions) as db:
            return accounts.staff(db, self.account)

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.client.get(address, **more)

    def post(self, address: str, form: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form of this session; `follow_redirects` as one wants."""
        return self.client.post(address, data={"csrf_token": self.csrf, **(form or {})}, **more)

    def see(self, address: str, status: int = 200) -> str:
        """The page there, which must answer with `status`."""
        answer = self.get(address)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text
