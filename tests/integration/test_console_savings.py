"""Savings groups at the console: found, read, printed and taken along; never written."""

from __future__ import annotations

from tests.desk import Desk
from tests.hamlet import found
from tests.village import CENTRAL, SOTUBA, settle


def test_groups_are_found_by_name_place_and_kind(rt):
    settle(rt)
    found(rt)
    found(rt, name="Sabugnuma", kind="tontine", phones=False, facility_id=CENTRAL)
    desk = Desk.of(rt)
    everything = desk.see("/savings")
    assert "Benkadi" in everything and "Sabugnuma" in everything
    for query, seen, unseen in (
        ("q=benk", "Benkadi", "Sabugnuma"),
        ("kind=tontine", "Sabugnuma", "Benkadi"),
        ("place=kadiolo", "Sabugnuma", "Benkadi"),
    ):
        page = desk.see(f"/savings?{query}")
        assert seen in page and unseen not in page, query
    assert "Aucun groupe trouvé" in desk.see("/savings?q=zz")
    assert "Aucun lieu" in desk.see("/savings?place=zzz", 422)
