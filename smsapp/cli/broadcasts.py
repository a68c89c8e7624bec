"""`flask broadcasts`: one text to many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import broadcasts, oneline, places, segments
from smsapp.broadcasts import Audience, Broadcast, Content, Listing, Problem, lists, wording
from smsapp.cli.common import leaving, runtime, said_plainly
from smsapp.db import transaction
from smsapp.people import Group
from smsapp.runtime import Runtime
from smsapp.scopes import EVERYWHERE

Moved = Callable[[int, int], None]


@click.group("broadcasts", cls=oneline.Group)
def group() -> None:
    """One text to many."""


@group.command()
@click.option("--to-group", "groups", multiple=True, help="The group's name; may be given again.")
@click.option("--to-role", "roles", multiple=True, help="Only people of this role, like asc; may be given again.")
@click.option("--to-facility", "facilities", multiple=True, help="Only a facility's people; may be given again.")
@click.option("--to-language", "languages", multiple=True, help="Only readers of a language, like bm.")
@click.option("--numbers-file", type=click.File("rb"), help="Also these numbers: text, CSV or XLSX; - for stdin.")
@click.option(
    "--text", "words", help="What to send, folded to what a phone can show; {name} and {facility} are filled."
)
@click.option("--language-text", "others", multiple=True, help="For readers of another language, as bm=TEXT.")
@click.option("--title", default="", help="What the console calls it. Default: how the text begins.")
@click.option("--at", help="ISO time to begin at, on the service's clock. Default: now.")
@click.option("--cap", type=click.IntRange(1), help="FCFA that it may cost: then it stops.")
@click.option("--dry-run", is_flag=True, help="Say how many and what it costs; send nothing.")
def send(
    groups: Sequence[str],
    roles: Sequence[str],
    facilities: Sequence[str],
    languages: Sequence[str],
    numbers_file: BinaryIO | None,
    words: str | None,
    others: Sequence[str],
    title: str,
    at: str | None,
    cap: int | None,
    dry_run: bool,
) -> None:
    """Queue one message to each; the workers send. Quiet hours and STOP hold.

    Who is meant fits all that is given: a role, a facility, a group. Nobody has to approve what an operator sends.
    """
    texts = _written(words, others)
    rt = runtime()
    with _refused():
        numbers = lists.uploaded(numbers_file.read(), rt.settings.country).numbers if numbers_file else ()
        with transaction(rt.sessions) as db:
            audience = Audience(
                roles=tuple(roles),
                places=tuple(places.facility(db, name).id for name in facilities),
                languages=tuple(languages),
                groups=tuple(_group(db, name) for name in groups),
            )
        told = {code or rt.settings.language: text for code, text in texts.items()}
        content = Content(told, audience, title, start_at=_time(rt, at), cap=cap)
        if found := broadcasts.problems(rt, content, has_list=bool(numbers)):
            raise found[0]
        if dry_run:
            _tell(rt, content, numbers)
            return
        with _watched() as moved:
            sent = broadcasts.send(rt, content, numbers, moved)
    _said(rt, sent)


def _said(rt: Runtime, sent: Broadcast) -> None:
    parts = max((one.parts for one in broadcasts.shown(rt, sent.texts, broadcasts.figures(sent))), default=1)
    if sent.start_at is not None and sent.started_at is None and sent.planned:
        local = sent.start_at.astimezone(rt.settings.timezone)
        click.echo(f"broadcast {sent.id}: {sent.planned} planned for {local:%Y-%m-%d %H:%M}, {parts} SMS each")
        return
    over = f"; stopped at its cap, {sent.unfed} not queued" if sent.unfed else ""
    click.echo(f"{sent.fed} queued, {parts} SMS each{leaving(rt, sent.fed)}{over}")


def _tell(rt: Runtime, content: Content, numbers: Sequence[str]) -> None:
    listing = Listing(pasted=tuple(numbers))
    with transaction(rt.sessions) as db:
        counted = broadcasts.count(db, content.audience, EVERYWHERE, listing, rt.settings.languages)
    for one in broadcasts.shown(rt, content.texts, counted.tally):
        click.echo(f"{one.language}: {one.people} numbers, {one.parts} SMS each, {one.encoding}, {one.cost} FCFA")
        click.echo(f"    {one.sent}")
        if one.letters:
            letters = " ".join(letter.letter for letter in one.letters)
            click.echo(f"    without {letters} it would take {one.plain_parts} SMS each, {one.plain_cost} FCFA")
        for variable, n in one.empty.items():
            click.echo(f"    {{{variable}}} is empty for {n}")
    click.echo(f"{'about ' if counted.about else ''}{counted.total} numbers; nothing sent")


@group.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
def listing(limit: int) -> None:
    """The last broadcasts."""
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        rows = db.scalars(select(Broadcast).order_by(Broadcast.id.desc()).limit(limit)).all()
    for row in rows:
        counts = f"{row.fed}/{row.planned}"
        click.echo(f"{row.id:>6}  {row.created_at:%Y-%m-%d %H:%M}  {row.status:<9}  {counts:>15}  {row.title}")
    if not rows:
        click.echo("no broadcast")


@group.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """How far broadcast NUMBER is."""
    rt = runtime()
    with _refused(), transaction(rt.sessions) as db:
        row = _found(db, number)
        counts = broadcasts.counts(db, rt, row)
    click.echo(f"{row.title}: {row.status}, by {row.maker}" + (f", approved by {row.approver}" if row.approver else ""))
    click.echo(f"{row.planned} numbers, {row.fed} queued so far, {row.unfed} to come")
    click.echo(", ".join(f"{n} {status}" for status, n in counts.by.items()) or "no message yet")
    cap = f" of {row.cap}" if row.cap is not None else ""
    click.echo(f"{counts.cost(rt.settings.price_per_part)}{cap} FCFA")
    for status, words, n in counts.reasons:
        click.echo(f"    {n} {status}: {words or 'no reason told'}")


@group.command()
@click.argument("number", type=int)
def pause(number: int) -> None:
    """Send nothing more of broadcast NUMBER until it is resumed."""
    _step(number, broadcasts.pause, "paused")


@group.command()
@click.argument("number", type=int)
def resume(number: int) -> None:
    """Let broadcast NUMBER go on."""
    _step(number, broadcasts.resume, "goes on")


@group.command()
@click.argument("number", type=int)
def cancel(number: int) -> None:
    """End broadcast NUMBER for good; what has not gone out does not."""
    _step(number, broadcasts.cancel, "cancelled")


def _step(number: int, take: Callable[[Session, Runtime, None, Broadcast], None], done: str) -> None:
    rt = runtime()
    with _refused(), transaction(rt.sessions) as db:
        row = _found(db, number)
        try:
            take(db, rt, None, row)
        except Problem as why:
            raise click.ClickException(f"broadcast {number} is {row.status}") from why
    click.echo(f"broadcast {number} {done}")


def _found(db: Session, number: int) -> Broadcast:
    row = broadcasts.find(db, EVERYWHERE, number, lock=True)
    if row is None:
        raise click.ClickException(f"there is no broadcast {number}: see broadcasts list")
    return row


def _written(words: str | None, others: Sequence[str]) -> dict[str, str]:
    """Texts by language; `--text` is for whoever has none of their own."""
    texts = {"": words} if words is not None else {}
    for other in others:
        code, equals, text = other.partition("=")
        if not equals:
            raise click.UsageError(f"--language-text {other[:20]!r} should look like bm=TEXT")
        texts[code.strip()] = text
    if not texts:
        raise click.UsageError("Missing option '--text'.")
    for text in texts.values():
        if not segments.clean(text):
            raise click.ClickException("the text is empty")
        if (parts := segments.count(segments.fold(segments.clean(text)))) > wording.MOST_PARTS:
            most = wording.MOST_PARTS
            raise click.ClickException(
                f"the text takes {parts} SMS for each member, at most {most} are sent: shorten it"
            )
    return texts


def _group(db: Session, name: str) -> int:
    found = db.scalar(select(Group.id).where(Group.name == name))
    if found is None:
        known = ", ".join(db.scalars(select(Group.name).order_by(Group.name).limit(5))) or "none yet"
        raise click.ClickException(f"unknown group {name!r} (known: {known})")
    return found


def _time(rt: Runtime, raw: str | None) -> datetime | None:
    if raw is None:
        return None
    try:
        given = datetime.fromisoformat(raw)
    except ValueError as why:
        raise click.ClickException(f"--at {raw!r} is no time: 2026-05-31T18:00") from why
    return (given if given.tzinfo else given.replace(tzinfo=rt.settings.timezone)).astimezone(UTC)


@contextmanager
def _refused() -> Iterator[None]:
    """What the domain refuses ends the command with one line."""
    with said_plainly():
        try:
            yield
        except Problem as why:
            raise click.ClickException(str(why)) from why


@contextmanager
def _watched() -> Iterator[Moved]:
    """With a progress bar where a person watches."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("queued", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
