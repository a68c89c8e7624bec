"""No list of the console reads a large table from one end to the other: the plans of its statements tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from bench import country
from bench.console import ADDRESSES, FACILITY
from smsapp import broadcasts, db
from smsapp.broadcasts import Audience, Listing
from smsapp.scopes import Scope
from tests.counting import heard
from tests.desk import Desk
from tests.fixtures import empty

PEOPLE, MESSAGES, DISTRICTS = 4_000, 30_000, 2  # of a region
# Pages that show one account or an empty form, and what is no page.
FORMS = {
    "/account",
    "/account/password",
    "/account/second-factor",
    "/account/second-factor/new",
    "/broadcasts/templates/new",
    "/children/new",
    "/children/pregnancies/new",
    "/favicon.ico",
    "/places/new",
    "/savings/new",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/second-factor",
    "/staff/new",
    "/surveillance/rules/new",
}
LARGE = {
    "alert_actions",
    "alert_reports",
    "alert_steps",
    "alert_told",
    "alerts",
    "attended_visits",
    "care_events",
    "care_reminders",
    "case_reports",
    "children",
    "cohort_figures",
    "consents",
    "doses",
    "messages",
    "person_numbers",
    "person_roles",
    "persons",
    "pregnancies",
    "reports",
    "savings_lines",
    "savings_postings",
    "searches",
    "threads",
    "topics_left",
}
OFTEN = 0.1  # of a table's rows

Statement = tuple[str, Any]


@pytest.fixture(scope="module")
def filled(engine: Engine, settings: Any) -> Iterator[Engine]:
    empty(engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(country, "DISTRICTS", DISTRICTS)
        country.fill(settings.database_url, PEOPLE, MESSAGES, lambda _: None)
    yield engine
    empty(engine)


@pytest.fixture
def said(filled: Engine) -> Iterator[list[Statement]]:
    """What the database is asked while a page is made."""
    asked: list[Statement] = []

    def hear(statement: str, values: Any, many: bool) -> None:
        if not many and statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, values))

    with heard(filled, hear):
        yield asked


@pytest.fixture(scope="module")
def desks(built, filled) -> dict[str, Desk]:
    rt = replace(built, sessions=db.sessions(filled))
    return {"administrator": Desk.of(rt), "facility": Desk.of(rt, "facility", places=[FACILITY])}


def read_whole(
    plan: dict[str, Any], partial: set[str], sizes: dict[str, float], limited: bool = False
) -> Iterator[str]:
    """Tables of which a plan reads every row: where no limit ends it early, nor an index of a few rows is all of it.

    A limit ends it early where nothing is left out, or where one row in ten fits: a page is soon full.
    """
    limited = limited or plan["Node Type"] == "Limit"
    scanned = plan.get("Relation Name", "")
    by_index = "Index" in plan["Node Type"]
    whole = plan["Node Type"] == "Seq Scan" or (by_index and "Index Cond" not in plan)
    few = by_index and plan.get("Index Name") in partial
    early = limited and ("Filter" not in plan or plan["Plan Rows"] >= OFTEN * sizes.get(scanned, 0.0))
    if scanned in LARGE and whole and not few and not early:
        yield scanned
    for below in plan.get("Plans", ()):
        yield from read_whole(below, partial, sizes, limited)


def without_index(engine: Engine, asked: list[Statement]) -> Iterator[tuple[list[str], str]]:
    """Of these statements those that read a large table whole, and which."""
    with engine.connect() as connection:
        partial = set(
            connection.exec_driver_sql(
                "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
            ).scalars()
        )
        counted = connection.exec_driver_sql("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")
        sizes = {name: float(rows) for name, rows in counted}
        # The tables are small here. Told to avoid what is only cheap in small ones, a plan still reads a table
        # from one end to the other where there is no index to do better.
        connection.exec_driver_sql("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
        for statement, parameters in list(asked):
            [[plans]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchall()
            if read := sorted(set(read_whole(plans[0]["Plan"], partial, sizes))):
                yield read, statement


def test_every_list_finds_its_rows_by_an_index(desks, filled, said):
    whole = {}
    seen: set[str] = set()
    for role, desk in desks.items():
        for address in ADDRESSES:
            said.clear()
            desk.get(address).close()
            asked = [one for one in said if one[0] not in seen]
            seen |= {statement for statement, _ in asked}
            whole |= {(role, address, *read): statement for read, statement in without_index(filled, asked)}
    assert whole == {}
    assert len(seen) > 30


def test_a_facilitys_audience_is_found_by_an_index(filled, said):
    """Counted and shown as she edits, with a list beside it; of a whole country a part is counted instead."""
    hers, pasted = Scope(frozenset({FACILITY})), Listing(pasted=("+22370000101", "+22370000102"))
    with db.transaction(db.sessions(filled)) as session:
        for listing in (Listing(), pasted):
            assert broadcasts.count(session, Audience(everybody=True), hers, listing, ("fr",)).total
            assert broadcasts.sample(session, Audience(everybody=True), hers, listing, ("fr",))
    assert len(said) >= 4
    assert list(without_index(filled, said)) == []


def test_every_list_of_the_console_is_among_them(desks):
    """A page without arguments is a list, or a form: whoever adds one says which."""
    console = desks["administrator"].client.application
    measured = {address.partition("?")[0] for address in ADDRESSES}
    plain = {str(rule) for rule in console.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments}
    assert sorted(plain - measured - FORMS) == []
