"""What every page of the console shares: language, numbers and dates, headers, error pages, the way around."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import structlog
from babel.support import Translations
from flask import Blueprint, Flask, Response, render_template, request, session
from flask_babel import Babel, Domain, format_date, format_datetime, format_decimal, get_locale
from flask_compress import Compress
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException

from smsapp import phones
from smsapp.handlers.console import catalogue, fields, guard, navigation, veiled, words
from smsapp.runtime import Runtime

MOST_BYTES = 20 * 1024 * 1024  # of an upload: a list of 100,000 people in XLSX has about five
log = structlog.get_logger(__name__)

_ONE = re.compile(r"\b1(?= [^\W\d])")  # a day before the name of its month
NO_BREAK = "\u202f"  # before the currency, and between thousands where the language wants it
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Section(Protocol):
    """A module that adds its views to the console."""

    def register(self, bp: Blueprint, rt: Runtime) -> None: ...


def equip(app: Flask, rt: Runtime) -> None:
    """Everything that a page needs before there is one."""
    guard.install(app, rt)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024, COMPRESS_REGISTER=False)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _speak(app, rt)
    _answer(app, rt)
    app.jinja_env.filters.update(FILTERS, veiled=veiled.veils(rt))
    app.jinja_env.globals.update(url_for=_addresses(app))
    app.jinja_env.globals.update(may=guard.may, settings=rt.settings, words=words, navigation=navigation.shown)
    app.jinja_env.globals.update(described=fields.described, is_optional=fields.is_optional)
    app.context_processor(lambda: {"staff": guard.somebody(), "language": language()})


def language() -> str:
    found = get_locale()
    return found.language if found else catalogue.LANGUAGES[0]


def _speak(app: Flask, rt: Runtime) -> None:
    def choose() -> str:
        """Hers; else what this browser chose at the door, or asks for."""
        who = guard.somebody()
        wanted = who.language if who else session.get("language")
        if wanted in catalogue.LANGUAGES:
            return cast(str, wanted)
        return request.accept_languages.best_match(catalogue.LANGUAGES) or catalogue.LANGUAGES[0]

    babel = Babel(app, locale_selector=choose, timezone_selector=lambda: rt.settings.timezone.key)
    babel.domain_instance = _Catalogues(domain=catalogue.DOMAIN)


class _Catalogues(Domain):  # type: ignore[misc]
    """Flask-Babel's place for translations, filled from our own files."""

    def get_translations(self) -> Translations:
        return _translations(language())


@lru_cache
def _translations(code: str) -> Translations:
    return catalogue.read(code)


def _answer(app: Flask, rt: Runtime) -> None:
    compress = Compress()
    compress.init_app(app)
    https = rt.settings.public_url.startswith("https://")

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.update(HEADERS)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"  # the next one at this phone must not read it
        elif response.is_streamed:
            # A few kilobytes, read at once: a compressed stream would leave the file open.
            response.direct_passthrough = False
            response.make_sequence()
        return compress.after_request(response)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        """A file's address changes with its content, so that a browser may keep it for good."""
        if endpoint == "static" and "filename" in values:
            values.setdefault("v", _digest(str(app.static_folder), values["filename"]))

    @app.get("/favicon.ico")
    @guard.allowed()
    def icon() -> Response:
        """What browsers ask for beside a page that can not name its icon, like `/metrics`."""
        return app.send_static_file("icon.svg")

    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(Exception, _broken)


def _addresses(app: Flask) -> Callable[..., str]:
    """Flask's own `url_for`, of which those of files and of sections are put together once: a page names dozens."""
    same = lru_cache(app.url_for)

    def address(endpoint: str, /, **values: Any) -> str:
        return (app.url_for if values and endpoint != "static" else same)(endpoint, **values)

    return address


@lru_cache
def _digest(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:10]


def _error_page(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    return render_template("console/error.html", code=error.code, told=error.description), error.code


def _broken(error: Exception) -> tuple[str, int]:
    """The one broad handler at this edge: somebody reads a sentence, and the log has the rest."""
    del error
    log.exception("page broke", endpoint=request.endpoint)
    return render_template("console/error.html", code=500, told=""), 500


def _number(value: float | Decimal | None, digits: int = 0) -> str:
    """`12 345` in French, `12,345` in English; a dash where there is nothing to say."""
    if value is None:
        return "–"
    return str(format_decimal(round(value, digits)))


def _fcfa(value: float | Decimal | None) -> str:
    return "–" if value is None else f"{_number(value)}{NO_BREAK}FCFA"


def _when(moment: datetime | None, form: str = "medium") -> Markup:
    """A moment on the clock of the people served, machine-readable behind it."""
    if moment is None:
        return Markup("–")
    shown = _first(format_datetime(moment, "d MMM y HH:mm" if form == "medium" else form))
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(timespec="seconds"), shown)


def _day(value: date | None, form: str = "medium") -> str:
    return "–" if value is None else _first(str(format_date(value, form, rebase=isinstance(value, datetime))))


def _first(shown: str) -> str:
    """The first of a month as French has it: `mardi 1er décembre`."""
    return _ONE.sub("1er", shown, count=1) if language() == "fr" else shown


def _breaks(text: str) -> Markup:
    """A text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


FILTERS: Mapping[str, Any] = {
    "number": _number,
    "fcfa": _fcfa,
    "when": _when,
    "day": _day,
    "phone": phones.pretty,
    "breaks": _breaks,
}
