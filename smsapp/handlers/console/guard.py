"""Who is there, and whether she may: every view says which roles it serves, or that it serves everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from flask import Blueprint, Flask, Response, abort, current_app, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_url, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from smsapp import staff
from smsapp.runtime import Runtime
from smsapp.staff import accounts
from smsapp.staff.accounts import Staff
from smsapp.staff.tables import ADMINISTRATOR, FACILITY, PROGRAMME, SURVEILLANCE

ANYBODY = frozenset(staff.ROLES)
ALL = ANYBODY - {SURVEILLANCE}  # of the service itself; a surveillance officer has her own pages
HEADS = frozenset({ADMINISTRATOR, PROGRAMME})
WRITERS = HEADS | {FACILITY}
ADMINISTRATORS = frozenset({ADMINISTRATOR})
OFFICERS = ADMINISTRATORS | {SURVEILLANCE}  # who may read cases one by one
DECIDERS = WRITERS | {SURVEILLANCE}  # who may answer an alert
IDLE = timedelta(hours=12)  # a phone that several people use

View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()


class Signed(UserMixin):  # type: ignore[misc]
    """A signed-in member of the staff, as Flask-Login keeps her for one request."""

    def __init__(self, who: Staff, token: str) -> None:
        self.staff, self.token = who, token

    def get_id(self) -> str:
        return self.token


def allowed(*roles: frozenset[str]) -> Callable[[View], View]:
    """This view serves these roles; `allowed()` serves whoever asks, signed in or not."""
    served: frozenset[str] = frozenset().union(*roles)

    def mark(view: View) -> View:
        view.roles = served  # type: ignore[attr-defined]
        return view

    return mark


def served(endpoint: str) -> frozenset[str]:
    """The roles that an endpoint serves; none: everybody."""
    return cast(frozenset[str], vars(current_app.view_functions[endpoint])["roles"])


def undeclared(app: Flask) -> list[str]:
    """Endpoints that do not say whom they serve: a mistake of ours, found before anybody asks for one."""
    views = {name: view for name, view in app.view_functions.items() if name != "static"}
    return sorted(name for name, view in views.items() if "roles" not in vars(view))


def me() -> Staff:
    """Who asks for this page."""
    return cast(Staff, current_user.staff)


def somebody() -> Staff | None:
    """Who is there, on pages that are shown to everybody."""
    return cast(Staff, current_user.staff) if current_user.is_authenticated else None


def may(endpoint: str) -> bool:
    """Whether a link to this endpoint leads anywhere for whoever is there."""
    if endpoint not in current_app.view_functions:
        return False
    who, roles = somebody(), served(endpoint)
    return not roles or (who is not None and who.role in roles)


def address() -> str:
    """Where the request comes from; of a proxy only where the settings know of one."""
    return request.remote_addr or ""


def open_session(token: str, who: Staff, *, lasting: bool) -> None:
    """Sign her in, in a session that begins here; `lasting`: it outlives the browser's window, up to the idle time."""
    kept = session.get("language")
    session.clear()
    if kept:
        session["language"] = kept
    session.permanent = lasting
    login_user(Signed(who, token))


def close_session() -> None:
    logout_user()
    session.clear()


def install(app: Flask, rt: Runtime) -> None:
    """Sessions, who they belong to, and the token that every form carries."""
    app.secret_key = rt.settings.secret_key
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=rt.settings.trusted_proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    app.config.update(
        PERMANENT_SESSION_LIFETIME=IDLE,
        SESSION_REFRESH_EACH_REQUEST=False,  # pages that look for news by themselves are nobody at the phone
        SESSION_COOKIE_NAME="console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=rt.settings.public_url.startswith("https://"),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # SameSite and the token do; some phones' browsers send no referrer
    )
    manager = LoginManager(app, add_context_processor=False)
    manager.login_view = "console.sign_in"
    manager.login_message = None
    manager.session_protection = None  # it would sign out whoever walks from one cell to the next
    csrf.init_app(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> Signed | None:
        who = accounts.signed_in(rt.sessions, token, require_totp=rt.settings.require_totp)
        return Signed(who, token) if who else None


def _door(wanted: str | None) -> str:
    """Where one signs in, and goes on from there; what is no address leads to the door alone."""
    try:
        return cast(str, login_url("console.sign_in", next_url=wanted))
    except ValueError:
        return cast(str, login_url("console.sign_in"))


def protect(bp: Blueprint) -> None:
    @bp.before_request
    def check() -> ResponseReturnValue | None:
        """Signed out: to the door, and back afterwards. Signed in, but the role may not: 403."""
        roles = served(request.endpoint or "")
        if not roles:
            return None
        if not current_user.is_authenticated and "HX-Request" in request.headers:
            # A part of a page must not be replaced by the door: the whole page goes there.
            return Response(status=401, headers={"HX-Redirect": _door(request.headers.get("HX-Current-URL"))})
        if not current_user.is_authenticated:
            return cast(ResponseReturnValue, current_app.login_manager.unauthorized())  # type: ignore[attr-defined]
        if "HX-Request" not in request.headers:
            session.modified = True  # somebody is there: her idle time begins anew
        if me().role not in roles:
            abort(403)
        return None
