"""What is to happen after a commit happens once, after it, and only then."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from smsapp.db import Sessions, after_commit, transaction


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
