"""`flask flows`: check this release's flows against texts, screens and open conversations; store revisions."""

from __future__ import annotations

import os

import click

from smsapp import conversations, flowcheck, oneline
from smsapp.cli.common import runtime, said_plainly
from smsapp.config import BadSettings, Settings
from smsapp.db import transaction
from smsapp.flows.catalogue import Catalogue
from smsapp.flows.loader import BadFlow
from smsapp.i18n import Texts


@click.group("flows", cls=oneline.Group)
def group() -> None:
    """Flows and their stored revisions."""


@group.command()
@click.option("--files", "files_only", is_flag=True, help="Check the files alone, without a database.")
def check(files_only: bool) -> None:
    """Refuse a release whose flows lack a text, a fact or an effect, also those under somebody's thumb."""
    languages = tuple(os.environ.get("LANGUAGES", "fr,bm,en").split(","))
    if not files_only:
        try:
            languages = Settings.load().languages
        except BadSettings as why:
            raise click.ClickException(f"{why} Or check the files alone: --files") from why
    try:
        texts = Texts.load(languages)
        catalogue = Catalogue.load(texts)
    except (BadFlow, OSError, ValueError) as why:
        raise click.ClickException(str(why)) from why
    problems = flowcheck.problems(catalogue, texts)
    if not files_only:
        rt = runtime()
        with said_plainly(), transaction(rt.sessions) as db:
            problems += list(conversations.broken_conversations(db, rt))
    for note in flowcheck.notes(catalogue, texts):
        click.echo(f"note: {note}")
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} problem(s): this release must not go out")
    click.echo(f"{len(catalogue.live)} flows are sound")


@group.command()
def sync() -> None:
    """Store the revisions of this release, so that conversations can be pinned to them."""
    rt = runtime()
    with said_plainly():
        new = conversations.sync(rt)
    for revision in new:
        click.echo(f"stored {revision}")
    click.echo(f"{len(new)} new of {len(rt.flows.live)} flows")
