"""Reads: a SELECT sent by psycopg itself sees what SQLAlchemy's own would see, and answers the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select

from smsapp.arrays import among_told
from smsapp.people import Person
from smsapp.reads import Read

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)
NAMED = select(Person.name, Person.language, Person.created_at).where(
    Person.name == bindparam("named"), Person.language == "bm"
)


@pytest.fixture
def awa(db):
    """Not written yet."""
    person = Person(name="Awa", language="bm", created_at=NOW)
    db.add(person)
    return person


def test_a_read_sees_what_the_session_has_still_to_write(db, awa):
    assert Read(NAMED).rows(db, {"named": "Awa"}) == [("Awa", "bm", NOW)]
    awa.language = "fr"
    assert Read(NAMED).rows(db, {"named": "Awa"}) == []


def test_a_read_answers_as_the_session_would(db, awa):
    read = Read(NAMED)
    for named in ("Awa", "Kadia", "%(named)s", "'; --"):
        assert read.rows(db, {"named": named}) == [tuple(row) for row in db.execute(NAMED, {"named": named})]


def test_a_list_is_told_as_an_array(db, awa):
    read = Read(select(Person.name).where(among_told(Person.name, "names")))
    assert read.column(db, {"names": ["Awa", "Kadia"]}) == ["Awa"]
    assert read.column(db, {"names": []}) == []


@pytest.mark.parametrize("language", ["bm", "100 %", "%(named)s", "'; --"])
def test_a_value_without_a_name_stands_in_the_words(db, awa, language):
    """So that an index of the rows with this value serves a plan that is kept."""
    awa.language = language
    read = Read(select(Person.name).where(Person.name == bindparam("named"), Person.language == language))
    assert read.rows(db, {"named": "Awa"}) == [("Awa",)]
    assert read.rows(db, {"named": "Kadia"}) == []
