"""The share-out: the worked examples to the franc, each method, and one sentence for what can not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from smsapp import yamls
from smsapp.savings.book import LARGEST
from smsapp.savings.shareout import BadShareOut, read, share

VECTORS = {v["id"]: v for v in yamls.typed(Path(__file__).with_name("share_outs.yaml"))["vectors"]}
AWA_BINTOU = {"Awa": 1000, "Bintou": 2000}


def told(**given):
    return share(read({"method": "standard"} | given)).told()


def vector(name):
    return VECTORS[name]["inputs"], VECTORS[name]["expected"]


def test_an_exact_division():
    inputs, expected = vector("V1_exact")
    assert told(**inputs) == {
        "distributable": expected["distributable"],
        "value_per_share": int(expected["value_per_share"]),
        "payouts": expected["payouts"],
        "remainder": 0,
        "loss": False,
    }


@pytest.mark.parametrize(
    ("unit", "payouts", "remainder"),
    [
        (1, "largest_remainder_1fcfa", None),
        (5, "floor_5fcfa", "remainder_5fcfa"),
        (25, "floor_25fcfa", "remainder_25fcfa"),
    ],
)
def test_rounding_down_to_a_coin(unit, payouts, remainder):
    inputs, expected = vector("V2_rounding")
    out = told(**inputs, unit=unit)
    assert out["payouts"] == expected[payouts]
    assert out["remainder"] == (expected[remainder] if remainder else 0)
    assert out["value_per_share"] == float(expected["value_per_share_decimal"])
    assert sum(out["payouts"].values()) + out["remainder"] == out["distributable"] == inputs["distributable"]


def test_a_loss_is_borne_by_all_and_said():
    inputs, expected = vector("V3_loss")
    out = told(**inputs)
    assert out["payouts"] == expected["payouts_floor5"]
    assert (out["distributable"], out["value_per_share"]) == (
        expected["distributable"],
        int(expected["value_per_share"]),
    )
    assert (out["remainder"], out["loss"]) == (0, True)


def test_a_loan_is_taken_off_what_she_gets():
    inputs, expected = vector("V4_outstanding_loan")
    whole = {**inputs, "distributable": inputs["distributable_including_loans"]}
    out = share(read({"method": "standard", **whole}))
    assert out.gross == expected["gross"]
    assert out.payouts == expected["net_cash"]
    assert sum(out.payouts.values()) == expected["cash_paid"] == inputs["cash_in_box"]


def test_an_equal_part_of_the_profit():
    inputs, expected = vector("V5_flat")
    out = told(method="flat", **inputs)
    assert out["payouts"] == expected["payouts"]
    assert (out["distributable"], out["value_per_share"], out["remainder"]) == (expected["total"], None, 0)


def test_interest_goes_back_to_her_who_paid_it():
    paid = {"interest_paid_by": {"Awa": 300}, "fines": 90, "expenses": 10}
    out = told(method="interest_returned", savings=AWA_BINTOU, **paid)
    assert out["payouts"] == {"Awa": 1340, "Bintou": 2040}
    assert (out["distributable"], out["remainder"], out["loss"]) == (3380, 0, False)


def test_more_expenses_than_fines_are_borne_equally():
    out = told(method="interest_returned", savings=AWA_BINTOU, interest_paid_by={"Awa": 30}, expenses=50)
    assert out["payouts"] == {"Awa": 1005, "Bintou": 1975}
    assert out["loss"]


def test_a_profit_below_nothing_is_a_loss():
    out = told(method="flat", savings=AWA_BINTOU, profit=-100, unit=25)
    assert (out["payouts"], out["remainder"], out["loss"]) == ({"Awa": 950, "Bintou": 1950}, 0, True)


def test_savings_instead_of_shares_and_the_coin_that_is_usual():
    out = told(savings=AWA_BINTOU, profit=100)
    assert out["payouts"] == {"Awa": 1030, "Bintou": 2065}
    assert (out["value_per_share"], out["remainder"]) == (None, 5)


def test_the_fund_that_is_given_is_the_fund():
    assert told(savings=AWA_BINTOU, distributable=3000, profit=900, fines=50)["distributable"] == 3000


def test_the_last_franc_goes_to_the_largest_fraction():
    out = told(savings={"Awa": 2000, "Bintou": 1000}, distributable=3002, unit=1)  # 2 001,33 and 1 000,67
    assert (out["payouts"], out["remainder"]) == ({"Awa": 2001, "Bintou": 1001}, 0)


def test_who_has_no_share_gets_nothing():
    assert told(shares={"Awa": 0, "Bintou": 3}, share_value=500, profit=7, unit=1)["payouts"] == {
        "Awa": 0,
        "Bintou": 1507,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "there are no shares"),
        ({"savings": {"Awa": 0}}, "there are no shares"),
        ({"method": "flat", "savings": {}, "profit": 5}, "there are no shares"),
        ({"shares": {"Awa": 3}}, "share_value above 0"),
        ({"shares": {"Awa": 3}, "share_value": 0}, "share_value above 0"),
        ({"shares": {"Awa": -3}, "share_value": 500}, "shares of 'Awa' is -3, below 0"),
        ({"shares": {"Awa": 1.5}, "share_value": 500}, "shares of 'Awa' should be a whole number"),
        ({"shares": {"Awa": 3}, "savings": {"Awa": 3}}, "not both"),
        ({"shares": [3]}, "shares should be like"),
        ({"savings": {"Awa": True}}, "whole number"),
        ({"savings": {"Awa": "1500"}}, "whole number"),
        ({"savings": {"Awa": None}}, "whole number"),
        ({"savings": {"Awa": LARGEST + 1}}, f"above {LARGEST}"),
        ({"savings": {"Awa": LARGEST, "Bintou": 1}}, f"the fund is above {LARGEST}"),
        ({"shares": {"Awa": LARGEST}, "share_value": 2}, f"the fund is above {LARGEST}"),
        ({"savings": AWA_BINTOU, "profit": 10.0}, "profit should be a whole number"),
        ({"savings": AWA_BINTOU, "fines": -1}, "fines is -1, below 0"),
        ({"savings": AWA_BINTOU, "expenses": 3001}, "below 0: there is nothing to share out"),
        ({"savings": AWA_BINTOU, "distributable": -5}, "distributable is -5, below 0"),
        ({"savings": AWA_BINTOU, "unit": 10}, "unit should be one of 1, 5, 25"),
        ({"savings": AWA_BINTOU, "unit": True}, "unit should be one of"),
        ({"savings": AWA_BINTOU, "unit": 5.0}, "unit should be one of"),
        ({"savings": AWA_BINTOU, "method": "equal"}, "method should be one of standard, flat, interest_returned"),
        ({"savings": AWA_BINTOU, "method": None}, "method should be one of"),
        ({"savings": AWA_BINTOU, "method": ["flat"]}, "method should be one of"),
        (
            {"savings": AWA_BINTOU, "outstanding_loans": {"Awa": 1001}},
            "the loan of 'Awa' is 1001, above her payout of 1000",
        ),
        ({"savings": AWA_BINTOU, "outstanding_loans": {"Coumba": 5}}, "'Coumba' is not in the group"),
        ({"savings": AWA_BINTOU, "outstanding_loans": {"Awa": -5}}, "outstanding_loans of 'Awa' is -5"),
        ({"method": "flat", "savings": AWA_BINTOU, "profit": -2002}, "the part of 'Awa' would be below 0"),
        (
            {"method": "interest_returned", "savings": AWA_BINTOU, "expenses": 2002},
            "the part of 'Awa' would be below 0",
        ),
        (
            {"method": "interest_returned", "savings": AWA_BINTOU, "interest_paid_by": {"Nana": 5}},
            "interest_paid_by: 'Nana' is not in the group",
        ),
    ],
)
def test_what_can_not_be_is_said_in_one_line(given, words):
    with pytest.raises(BadShareOut) as no:
        told(**given)
    assert words in str(no.value)
    assert len(str(no.value).splitlines()) == 1


@pytest.mark.parametrize("document", [None, [], "standard", 5, True])
def test_what_is_no_document(document):
    with pytest.raises(BadShareOut, match="the input should be like"):
        read(document)
