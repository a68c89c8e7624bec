"""A receipt is one text message at the longest that it can be: a witness's, of a loan of 10^12 francs."""

from __future__ import annotations

import pytest

from smsapp.savings.book import POSTINGS
from smsapp.savings.money import MOST, francs
from smsapp.savings.receipts import shortened
from smsapp.segments import count, fold
from tests.flowkit import TEXTS

GROUP = "Association des femmes Benkadi de Djoumanzana et des villages voisins"
KINDS = {*POSTINGS, "reversal.loan", "reversal.savings"} - {"expense", "outside", "difference"}


@pytest.mark.parametrize("language", ["fr", "bm", "en"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_for_a_witness(kind, language):
    told = {"group": GROUP, "amount": francs(MOST), "balance": francs(MOST), "day": "22/11/2026"}
    said = TEXTS.say(language, f"receipt.{kind}", **told, receipt="123456K", of="123455J")
    text = shortened(TEXTS.say(language, "receipt.witness", card=999, receipt=said), GROUP)
    assert count(fold(text)) == 1
    assert francs(MOST) in text
    assert "123456K" in text
