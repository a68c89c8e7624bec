"""The browser in which somebody signed in before: a sealed word by which she is not locked out of it."""

from __future__ import annotations

import secrets

from flask import Response, request
from itsdangerous import BadData, URLSafeSerializer

from smsapp.handlers.console.guard import address
from smsapp.runtime import Runtime
from smsapp.staff.throttle import Caller

COOKIE = "device"
YEAR = 365 * 24 * 3600
ACCOUNTS = 8  # that share a computer


def caller(rt: Runtime) -> Caller:
    """Who stands at the door."""
    try:
        told = _seal(rt).loads(request.cookies.get(COOKIE, ""))
        return Caller(address(), told["device"], frozenset(told["known"]))
    except (BadData, KeyError, TypeError):
        return Caller(address())


def remember(rt: Runtime, response: Response, who: Caller, account_id: int) -> Response:
    """From now on this browser knows her, for a year."""
    known = [account_id, *sorted(who.known - {account_id})][:ACCOUNTS]
    told = _seal(rt).dumps({"device": who.device or secrets.token_urlsafe(12), "known": known})
    https = rt.settings.public_url.startswith("https://")
    response.set_cookie(COOKIE, told, max_age=YEAR, httponly=True, samesite="Lax", secure=https)
    return response


def _seal(rt: Runtime) -> URLSafeSerializer:
    return URLSafeSerializer(rt.settings.secret_key, salt="device")
