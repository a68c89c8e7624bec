"""Somebody of the staff at the console: signed in, and able to send its forms."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from flask_wtf.csrf import URLSafeTimedSerializer
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from smsapp.config import Settings
from smsapp.db import transaction
from smsapp.handlers import console
from smsapp.runtime import Runtime
from smsapp.staff import Account, AccountPlace, Staff, accounts, signins

TOKEN = "of-this-session"


AT_HAND: ContextVar[Runtime] = ContextVar("at_hand")


class _Borrowed(Runtime):
    """Stands for the runtime of the client that asks, so that one console serves all tests of a process.

    To make a console takes 25 ms, most of it for its addresses; a test makes one for each desk.
    """

    def __init__(self) -> None:
        pass  # nothing of its own

    def __getattribute__(self, name: str) -> Any:
        return getattr(AT_HAND.get(), name)


class _Client(FlaskClient):
    """Each request works on the runtime for which `console_of` was asked."""

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self.rt = AT_HAND.get()

    def open(self, *told: Any, **more: Any) -> TestResponse:
        AT_HAND.set(self.rt)  # and left so: what streams is read when this is over
        return super().open(*told, **more)


class _Compiled(FileSystemBytecodeCache):
    """Templates compiled by an earlier run or another process of this one: all of them take two seconds.

    What a template becomes depends on the console's own code too, such as its filters; on no other of the service.
    """

    def __init__(self) -> None:
        super().__init__(pattern="smsapp-%s.cache")
        code = sorted(Path(console.__file__).parent.rglob("*.py"))
        self.made_by = hashlib.sha1(b"".join(path.read_bytes() for path in code)).hexdigest()

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(self.made_by + source)


@cache
def _console(settings: Settings) -> Flask:
    del settings  # what the console is made of; the rest of a runtime is looked at in each request
    app = console.create_console(_Borrowed())
    app.test_client_class = _Client
    app.jinja_env.bytecode_cache = _Compiled()
    return app


def console_of(rt: Runtime) -> Flask:
    """Its clients, made before the next call, are clients of this runtime. Add nothing to it: others have it too."""
    AT_HAND.set(rt)
    return _console(rt.settings)


def employ(
    rt: Runtime, role: str = "administrator", *, name: str = "", places: Collection[int] = (), language: str = "fr"
) -> Account:
    """An account of this role that answers for these places."""
    with transaction(rt.sessions) as db:
        return _employed(db, rt, role, name or f"Une {role}", places, language)


def _employed(db: Session, rt: Runtime, role: str, name: str, places: Collection[int], language: str) -> Account:
    email = f"{name.replace(' ', '.').lower()}@example.org"
    account = Account(name=name, email=email, role=role, language=language, created_at=rt.now())
    db.add(account)
    db.flush()
    db.add_all(AccountPlace(account_id=account.id, place_id=place) for place in places)
    return account


def _signed_in(rt: Runtime, account: Account) -> str:
    with transaction(rt.sessions) as db:
        return _begun(db, rt, account)


def _begun(db: Session, rt: Runtime, account: Account) -> str:
    return signins.begin(db, rt.now(), account.id, "127.0.0.1", complete=True)


class Desk:
    """A browser without scripts in which an account is signed in; nobody is where `account` is None."""

    def __init__(self, rt: Runtime, account: Account | None, token: str = "") -> None:
        """`token`: of where she signed in already."""
        app = console_of(rt)
        self.rt, self.account, self.client = rt, account, app.test_client()
        self.csrf = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(TOKEN)
        session: dict[str, Any] = {"csrf_token": TOKEN}
        if account is not None:
            session |= {"_user_id": token or _signed_in(rt, account), "_fresh": True}
        signed = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signed
        self.client.set_cookie(app.config["SESSION_COOKIE_NAME"], signed.dumps(session))

    @classmethod
    def of(
        cls,
        rt: Runtime,
        role: str = "administrator",
        *,
        name: str = "",
        places: Collection[int] = (),
        language: str = "fr",
    ) -> Desk:
        """Somebody who was just employed."""
        with transaction(rt.sessions) as db:
            account = _employed(db, rt, role, name or f"Une {role}", places, language)
            token = _begun(db, rt, account)
        return cls(rt, account, token)

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
