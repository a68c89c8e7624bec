"""The villages of a centre in the console, and who answers for them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from smsapp.db import transaction
from smsapp.people import Post
from smsapp.places import Place
from smsapp.vaccines import workers
from tests import nursery
from tests.desk import Desk
from tests.nursery import ASC, EAST, WEST
from tests.village import BAKON, SOTUBA, settle

PAGE = f"/places/{SOTUBA}/villages"


@pytest.fixture
def care(rt):
    settle(rt)
    nursery.staffed(rt)
    return rt


def worker(rt):
    with transaction(rt.sessions) as db:
        found = workers.of_number(db, ASC)
        assert found
        return found


def test_a_worker_answers_for_the_villages_that_are_ticked(care):
    desk, one = Desk.of(care, "facility", places=[SOTUBA]), worker(care)
    ticked = [str(WEST), str(BAKON), "x", "9" * 5000]
    assert desk.post(f"{PAGE}/workers/{one.id}", {"village": ticked}).status_code == 302
    assert worker(care).villages == (WEST,)
    desk.post(f"{PAGE}/workers/{one.id}")
    assert worker(care).villages == ()
    assert "tout le centre" in desk.see(PAGE)


def test_a_village_is_added_once(care):
    desk = Desk.of(care, "facility", places=[SOTUBA])
    assert desk.post(PAGE, {"name": "  Titibougou "}).status_code == 302
    for name in ("titibougou", "", "x" * 200):
        assert desk.post(PAGE, {"name": name}).status_code == 422
    with transaction(care.sessions) as db:
        names = db.scalars(select(Place.name).where(Place.kind == "village", Place.parent_id == SOTUBA)).all()
    assert sorted(names) == ["Sotuba Est", "Sotuba Ouest", "Titibougou"]


def test_only_her_own_centre_and_only_writers(care):
    one = worker(care)
    far = Desk.of(care, "facility", places=[BAKON])
    assert far.get(PAGE).status_code == 404
    assert far.post(f"{PAGE}/workers/{one.id}").status_code == 404
    assert far.post(f"/places/{BAKON}/villages/workers/{one.id}").status_code == 404
    viewer = Desk.of(care, "viewer", places=[SOTUBA])
    assert viewer.post(PAGE, {"name": "Titibougou"}).status_code == 403
    with transaction(care.sessions) as db:
        assert db.scalars(select(Post.place_id).where(Post.person_id == one.id)).all() == [EAST]
