"""`flask staff`: accounts of the console, also before anybody can sign in to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from smsapp import oneline
from smsapp.addresses import local_url
from smsapp.cli.common import runtime, said_plainly
from smsapp.db import transaction
from smsapp.runtime import Runtime
from smsapp.staff import Account, Refused, accounts, managing, tickets
from smsapp.staff.managing import Wanted
from smsapp.staff.tables import LANGUAGES, ROLES


@click.group("staff", cls=oneline.Group)
def group() -> None:
    """Who signs in to the console."""


@group.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What she may see and do.")
@click.option("--name", required=True, help="As colleagues know her.")
@click.option(
    "--place",
    "places",
    multiple=True,
    help="For facility, surveillance and viewer: a name or poster number; may be repeated.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], help="Of the pages.")
def add(email: str, role: str, name: str, places: tuple[str, ...], language: str) -> None:
    """Make an account for EMAIL and print the one-time link by which its owner chooses a password.

    Where a name is that of a region and of a district, write region:Kayes or district:Kayes.
    """
    rt = runtime()
    with said_so(), transaction(rt.sessions) as db:
        held = frozenset(managing.place_called(db, words).id for words in places)
        account, token = managing.invite(db, rt.now(), None, Wanted(name, email, role, language, held))
    _say_link(rt, account, token)


@group.command()
@click.argument("email")
@click.option("--drop-factor", is_flag=True, help="Also remove the second factor: phone and recovery codes are lost.")
def link(email: str, drop_factor: bool) -> None:
    """Print a new one-time link to a password for EMAIL; the password before holds until it is used."""
    rt = runtime()
    with said_so(), transaction(rt.sessions) as db:
        account = _known(db, email)
        token = managing.new_link(db, rt.now(), None, account.id)
        if drop_factor:
            managing.drop_factor(db, rt.now(), None, account.id)
    _say_link(rt, account, token)


@group.command()
@click.argument("email")
def close(email: str) -> None:
    """Let nobody sign in as EMAIL any more; an administrator can open the account again."""
    rt = runtime()
    with said_so(), transaction(rt.sessions) as db:
        managing.close(db, rt.now(), None, _known(db, email).id)
    click.echo("closed")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
def list_accounts(as_json: bool) -> None:
    """Every account, by e-mail address."""
    rt = runtime()
    with said_plainly(), transaction(rt.sessions) as db:
        found = db.scalars(select(Account).order_by(Account.email)).all()
        held = managing.places_of(db, [account.id for account in found])
    rows = [_row(account, [place.name for place in held[account.id]]) for account in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        where = ", ".join(row["places"]) or "everywhere"
        click.echo(f"{row['email']:<32} {row['role']:<14} {row['state']:<8} {row['name']}, {where}")
    if not rows:
        click.echo("no account")


@contextmanager
def said_so() -> Iterator[None]:
    with said_plainly():
        try:
            yield
        except Refused as why:
            raise click.ClickException(str(why)) from why


def _known(db: Session, email: str) -> Account:
    account = accounts.by_email(db, email)
    if account is None:
        raise click.ClickException(f"no account has the address {accounts.plain_email(email)!r}")
    return account


def _row(account: Account, places: list[str]) -> dict[str, str | list[str]]:
    state = "closed" if not account.active else "open" if account.password else "invited"
    told = {"email": account.email, "name": account.name, "role": account.role, "state": state}
    return {**told, "places": places}


def _say_link(rt: Runtime, account: Account, token: str) -> None:
    hours = round(tickets.GOOD_FOR.total_seconds() / 3600)
    click.echo(f"{account.name} ({account.role}) chooses a password here, once, within {hours} hours:")
    click.echo(f"{rt.settings.public_url or local_url(rt.settings)}/link/{token}")
