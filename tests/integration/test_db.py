"""What is to happen after a commit happens once, after it, and only then."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from smsapp.db import Sessions, Statement, after_commit, ask, transaction, work


def test_what_waits_for_the_commit_comes_after_it_and_once(clean_db: Sessions):
    rang = []
    with transaction(clean_db) as db:
        for _ in range(3):
            after_commit(db, lambda: rang.append("bell"), key="bell")
        with db.begin_nested():
            db.execute(text("SELECT 1"))
        assert rang == []
    assert rang == ["bell"]


def test_a_refused_savepoint_does_not_silence_what_was_promised_before(clean_db: Sessions):
    rang = []
    with transaction(clean_db) as db:
        after_commit(db, lambda: rang.append("bell"))
        with pytest.raises(RuntimeError), db.begin_nested():
            raise RuntimeError
    assert rang == ["bell"]


def test_a_transaction_that_fails_rings_nothing(clean_db: Sessions):
    rang = []

    def fails():
        with transaction(clean_db) as db:
            after_commit(db, lambda: rang.append("bell"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert rang == []


ECHO = Statement("SELECT %(a)s::text, %(b)s::int, %(c)s::timestamptz")


@pytest.mark.parametrize(
    "word", ["plain", "it's", "back\\slash", '"quoted"', "$1 %s %(a)s", "né\n¿", "'; DROP TABLE x; --"]
)
def test_a_statement_of_every_hop_takes_any_text_as_it_is(clean_db: Sessions, word: str):
    with work(clean_db) as one:
        assert one.run(ECHO, {"a": word, "b": 7, "c": None}) == (word, "7", None)


def test_nul_is_refused_before_it_reaches_the_database(clean_db: Sessions):
    with pytest.raises(psycopg.DataError), work(clean_db) as one:
        one.run(ECHO, {"a": "a\0b", "b": 1, "c": None})


def test_work_is_one_transaction_with_or_without_a_session(clean_db: Sessions):
    put = Statement("INSERT INTO phones (number, language) VALUES (%(number)s, 'fr')")

    def fails(with_session: bool):
        with work(clean_db) as one:
            one.run(put, {"number": "+22370000001"})
            if with_session:
                one.session.execute(text("INSERT INTO phones (number) VALUES ('+22370000002')"))
            raise RuntimeError

    for with_session in (False, True):
        with pytest.raises(RuntimeError):
            fails(with_session)
    with work(clean_db) as one:
        one.run(put, {"number": "+22370000003"})
        one.session.execute(text("INSERT INTO phones (number) VALUES ('+22370000004')"))
    with work(clean_db) as one:
        one.run_last(put, {"number": "+22370000005"})
    with transaction(clean_db) as db:
        kept = list(db.scalars(text("SELECT number FROM phones ORDER BY number")))
    assert kept == ["+22370000003", "+22370000004", "+22370000005"]


def test_a_statement_that_fails_at_the_end_commits_nothing(clean_db: Sessions):
    put = Statement("INSERT INTO phones (number, language) VALUES (%(number)s, 'fr')")

    def twice():
        with work(clean_db) as one:
            one.run(put, {"number": "+22370000001"})
            one.run_last(put, {"number": "+22370000001"})

    with pytest.raises(psycopg.errors.UniqueViolation):
        twice()
    with transaction(clean_db) as db:
        assert db.scalar(text("SELECT count(*) FROM phones")) == 0


def test_what_is_asked_alone_leaves_nothing_open(clean_db: Sessions):
    """Also by a statement that is refused."""
    assert ask(clean_db, "SELECT %(n)s + 1, NULL", {"n": 1}) == (2, None)
    assert ask(clean_db, "SELECT 1 WHERE %(n)s < 0", {"n": 1}) is None
    with pytest.raises(psycopg.errors.DivisionByZero):
        ask(clean_db, "SELECT 1 / %(n)s", {"n": 0})
    with work(clean_db) as one:
        assert one.ask("SELECT count(*) FROM groups", {}) == (0,)
        one.session.execute(text("INSERT INTO groups (name) VALUES ('Benkadi')"))
        assert one.ask("SELECT count(*) FROM groups", {}) == (1,)
    assert ask(clean_db, "SELECT count(*) FROM groups", {}) == (1,)


def test_who_asks_a_server_that_went_away_is_told_and_the_next_one_is_answered(clean_db: Sessions):
    clean_db.kw["bind"].dispose()  # of several in the pool the next to ask would have another
    [mine] = ask(clean_db, "SELECT pg_backend_pid()", {}) or ()
    with psycopg.connect(clean_db.kw["bind"].url.set(drivername="postgresql").render_as_string(False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (mine,))
    with pytest.raises(psycopg.OperationalError):
        ask(clean_db, "SELECT 1", {})
    assert ask(clean_db, "SELECT 1", {}) == (1,)
