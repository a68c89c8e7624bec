"""Laws of statuses: whatever the order of reports, a message ends the same, and never moves down."""

from __future__ import annotations

from itertools import accumulate, permutations

from hypothesis import given
from hypothesis.strategies import lists, sampled_from, text

from smsapp.messages import FINAL, RANK, STATUSES, after_report

WORDS = sampled_from(["sent", "delivered", "failed", ""])


@given(sampled_from(STATUSES), lists(WORDS | text(max_size=3), max_size=12))
def test_status_never_moves_down(start, words):
    ranks = [RANK[status] for status in accumulate(words, after_report, initial=start)]
    assert ranks == sorted(ranks)


@given(sampled_from(STATUSES), lists(WORDS, max_size=5))
def test_the_order_of_reports_does_not_matter(start, words):
    ends = {list(accumulate(order, after_report, initial=start))[-1] for order in permutations(words)}
    assert len(ends) == 1


@given(sampled_from(STATUSES), WORDS)
def test_a_repeated_report_says_nothing_new(start, word):
    once = after_report(start, word)
    assert after_report(once, word) == once


@given(sampled_from(sorted(FINAL)), lists(WORDS, max_size=6))
def test_a_final_status_is_left_only_for_delivered(start, words):
    end = list(accumulate(words, after_report, initial=start))[-1]
    assert end in {start, "delivered"}
