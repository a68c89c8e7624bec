"""The form by which staff write a broadcast: what is typed, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from smsapp import broadcasts
from smsapp.broadcasts import Audience, Content, Problem, lists
from smsapp.broadcasts.content import TOPIC
from smsapp.broadcasts.lists import Read
from smsapp.handlers.console import words
from smsapp.handlers.console.broadcasts.saying import said
from smsapp.runtime import Runtime

LARGEST_ID = 2**31
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
YEARS = range(2000, 2101)


def _an_id(raw: str) -> int:
    if not (raw.isascii() and raw.isdecimal() and len(raw) <= 10 and 0 < int(raw) < LARGEST_ID):
        raise ValueError("not a number of a list")
    return int(raw)


def _choices(table: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(word, label) for word, label in table.items()]


class BroadcastForm(FlaskForm):  # type: ignore[misc]
    title = StringField(lazy_gettext("Title"), render_kw={"maxlength": 120, "autocomplete": "off"})
    everybody = BooleanField(lazy_gettext("Everybody whom I may write to"))
    roles = SelectMultipleField(lazy_gettext("Roles"), validate_choice=False)
    places = SelectMultipleField(lazy_gettext("Places"), coerce=_an_id, validate_choice=False)
    languages = SelectMultipleField(lazy_gettext("Languages"), validate_choice=False)
    groups = SelectMultipleField(lazy_gettext("Groups"), coerce=_an_id, validate_choice=False)
    consent = SelectField(lazy_gettext("Agreed to"), validate_choice=False)
    numbers = TextAreaField(lazy_gettext("Numbers"))
    file = FileField(lazy_gettext("Or a file with numbers"))
    forget_list = BooleanField(lazy_gettext("Forget this list"))
    topic = SelectField(lazy_gettext("Topic"), validate_choice=False)
    when = RadioField(
        lazy_gettext("When"),
        choices=[
            SelectChoice("now", lazy_gettext("As soon as possible")),
            SelectChoice("at", lazy_gettext("At a time")),
        ],
        default="now",
        validate_choice=False,
    )
    start_at = DateTimeLocalField(lazy_gettext("Begins"), [Optional()], format=TIMES)
    use_by = DateTimeLocalField(lazy_gettext("Not after"), [Optional()], format=TIMES)
    cap = StringField(lazy_gettext("Cost at most (FCFA)"), render_kw={"inputmode": "numeric", "autocomplete": "off"})
    test = StringField(lazy_gettext("Your own number"), render_kw={"inputmode": "tel", "autocomplete": "tel"})

    @property
    def texts(self) -> dict[str, str]:
        return {
            name.removeprefix("text_"): field.data or ""
            for name, field in self._fields.items()
            if name.startswith("text_")
        }

    def told(self, rt: Runtime) -> Content:
        """What the form says; a field that says nothing clear has its error, and counts as empty."""
        self.validate()
        for name in ("places", "groups"):
            self[name].errors = [gettext("Choose from the list.")] if self[name].errors else []
        audience = Audience(
            everybody=self.everybody.data,
            roles=self._offered("roles"),
            places=tuple(self.places.data or ()),
            languages=self._offered("languages"),
            groups=tuple(self.groups.data or ()),
            consent=self.consent.data if self.consent.data in broadcasts.TOPICS else "",
        )
        at = self._time(rt, "start_at") if self.when.data == "at" else None
        if self.when.data == "at" and at is None and not self.start_at.errors:
            self._tell("start_at", gettext("Say when it should begin."))
        return Content(
            self.texts,
            audience,
            self.title.data or "",
            self.topic.data if self.topic.data in broadcasts.TOPICS else TOPIC,
            start_at=at,
            use_by=self._time(rt, "use_by"),
            cap=self._cap(),
        )

    def given(self, rt: Runtime) -> Read:
        """The numbers that were pasted and uploaded."""
        try:
            read = lists.pasted(self.numbers.data or "", rt.settings.country)
            raw = self.file.data.read() if self.file.data else b""
            if not raw:
                return read
            more = lists.uploaded(raw, rt.settings.country)
        except Problem as why:
            self._tell(why.about or "numbers", said(why))
            return Read()
        bad = (*read.bad, *more.bad)[: lists.BAD_SHOWN]
        unsaid = read.more_bad + more.more_bad + len(read.bad) + len(more.bad) - len(bad)
        return Read(tuple(dict.fromkeys((*read.numbers, *more.numbers))), bad, unsaid)

    def tell(self, problem: Problem) -> None:
        """Beside the field that it is about."""
        about = {"audience": "everybody", "text": f"text_{next(iter(self.texts))}"}
        self._tell(about.get(problem.about, problem.about), said(problem))

    def fill(self, rt: Runtime, content: Content) -> None:
        """As somebody left it."""
        for name in ("everybody", "consent"):
            self[name].data = getattr(content.audience, name)
        for name in ("roles", "places", "languages", "groups"):
            self[name].data = list(getattr(content.audience, name))
        by_itself = replace(content, title="").named()
        self.title.data, self.topic.data = content.title if content.title != by_itself else "", content.topic
        self.when.data = "at" if content.start_at else "now"
        for name in ("start_at", "use_by"):
            at = getattr(content, name)
            self[name].data = at.astimezone(rt.settings.timezone) if at else None
        self.cap.data = "" if content.cap is None else str(content.cap)
        self.write(content.texts)

    def write(self, texts: Mapping[str, str]) -> None:
        for code, text in texts.items():
            if f"text_{code}" in self._fields:
                self[f"text_{code}"].data = text

    def _offered(self, name: str) -> tuple[str, ...]:
        """What was chosen, of that which the list offers."""
        offered = {choice.value for choice in self[name].choices}
        return tuple(value for value in self[name].data or () if value in offered)

    def _time(self, rt: Runtime, name: str) -> datetime | None:
        local: datetime | None = self[name].data
        if local is None:
            return None
        if local.year not in YEARS:
            self._tell(name, gettext("This time can not be."))
            return None
        return local.replace(tzinfo=rt.settings.timezone).astimezone(UTC)

    def _cap(self) -> int | None:
        raw = "".join((self.cap.data or "").split()).replace("\u202f", "")
        if not raw:
            return None
        if raw.isascii() and raw.isdecimal() and len(raw) <= 12 and int(raw) > 0:
            return int(raw)
        self._tell("cap", gettext("Write a number of francs above 0, like 50000."))
        return None

    def _tell(self, name: str, words: str) -> None:
        field = self[name] if name in self._fields else self.title
        field.errors = [*field.errors, words]


def make(rt: Runtime, **given: Any) -> BroadcastForm:
    """The form, with one text for each language of the service."""
    texts = {f"text_{code}": TextAreaField(words.language_name(code)) for code in rt.settings.languages}
    form: BroadcastForm = type("Form", (BroadcastForm,), texts)(**given)
    form[f"text_{rt.settings.language}"].flags.required = True
    topics = {word: words.TOPICS.get(word, word) for word in broadcasts.TOPICS}
    form.roles.choices = _choices(words.PEOPLE_ROLES)
    form.languages.choices = _choices({code: words.language_name(code) for code in rt.settings.languages})
    form.consent.choices = _choices({"": gettext("does not matter"), **topics})
    form.topic.choices = _choices(topics)
    return form
