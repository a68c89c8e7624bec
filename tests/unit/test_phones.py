"""What people write for a number, and what becomes of it."""

import pytest

from smsapp.phones import REASONS, BadNumber, caller, masked, may_send_to, normalise, pretty, several


@pytest.mark.parametrize(
    "raw",
    [
        "70123456",
        "70 12 34 56",
        "70-12-34-56",
        "70.12.34.56",
        "70/12/34/56",
        "70–12–34–56",
        "70\u00a012\u202f34 56",
        "22370123456",
        " 22370123456",
        "0022370123456",
        "00 223 70123456",
        "+223 70 12 34 56",
        "+ 223 70123456",
        "(+223) 70123456",
        "tel:+22370123456",
        "٧٠١٢٣٤٥٦",
        "７０１２３４５６",
        "߇߀߁߂߃߄߅߆",
        "\u202a+22370123456\u202c",
        "\ufeff70123456\u200b",
    ],
)
def test_written_ways_of_one_number(raw):
    assert normalise(raw, "ML") == "+22370123456"
    assert caller(raw, "ML") == "+22370123456"


@pytest.mark.parametrize("raw", ["52123456", "53123456", "85123456", "70000101", "66123456", "90123456"])
def test_mobiles_of_mali(raw):
    assert normalise(raw, "ML") == "+223" + raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "empty"),
        (" \u200b ", "empty"),
        ("070123456", "format"),  # Mali has no trunk 0; which digit is wrong only the writer knows
        ("0 70 12 34 56", "format"),
        ("+223070123456", "format"),
        ("+223 (0)70 12 34 56", "format"),
        ("223223 70123456", "format"),
        ("+22300223 70123456", "two numbers"),  # sixteen digits in two groups: read as what it looks like
        ("011 223 70123456", "format"),
        ("70 12 34", "format"),
        ("22 37 01 23", "format"),
        ("22345678", "format"),
        ("++22370123456", "format"),
        ("70123456#", "format"),
        ("²²²", "format"),
        ("7" * 5000, "format"),
        ("O70123456", "letters"),  # a letter is no digit: read as a keypad's it would be another number
        ("70 12 34 5O", "letters"),
        ("70 12 34 56 poste 9", "letters"),
        ("70123456;ext=5", "letters"),
        ("+1-800-FLOWERS", "letters"),
        ("2.237E+10", "letters"),
        ("70123456/66123456", "two numbers"),
        ("70123456, 66123456", "two numbers"),
        ("70123456\n66123456", "two numbers"),
        ("70123456 ou 66123456", "two numbers"),
        ("70123456 66123456", "two numbers"),
        ("36123", "short code"),
        ("7400", "short code"),
        ("15", "short code"),
        ("20212345", "not mobile"),
        ("80123456", "not mobile"),
        ("+33612345678", "other country"),
        ("0033612345678", "other country"),
    ],
)
def test_refusals_say_why(raw, reason):
    with pytest.raises(BadNumber) as refused:
        normalise(raw, "ML")
    assert refused.value.reason == reason
    assert reason in REASONS


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("+254711082000", "+254711082000"),
        ("254711082000", "+254711082000"),
        (" 33612345678", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("20212345", "+22320212345"),  # a landline may call
        ("22345678", "+22322345678"),  # not in the plan as we know it, but plans grow
    ],
)
def test_a_caller_may_come_from_anywhere(raw, number):
    assert caller(raw, "ML") == number


@pytest.mark.parametrize(
    "raw", ["", "AFYA", "0", "00", "+", "36123", "12345", "9" * 15, "x" * 10_000, "70123456 66123456"]
)
def test_a_caller_is_a_number(raw):
    with pytest.raises(BadNumber):
        caller(raw, "ML")


@pytest.mark.parametrize(
    ("number", "allowed"),
    [
        ("+22370123456", True),
        ("+33612345678", False),
        ("+22320212345", False),
        ("+223070123456", False),
        ("+88213123456", False),  # satellite
        ("70123456", False),
        ("", False),
        ("+", False),
        ("36123", False),
    ],
)
def test_where_we_send(number, allowed):
    assert may_send_to(number, ("ML",)) is allowed


def test_where_we_send_follows_the_list():
    assert may_send_to("+33612345678", ["ML", "FR"])
    assert not may_send_to("+22370123456", [])


def test_how_numbers_are_shown():
    assert masked("+22370123456") == "…456"
    assert pretty("+22370123456") == "+223 70 12 34 56"
    assert pretty("36123") == "36123"


@pytest.mark.parametrize(
    "raw",
    [
        "70123456/66123456",
        "70123456 ; 66123456",
        "70 12 34 56 ou 66 12 34 56",
        "70 12 34 56 66 12 34 56",
        "70123456-66123456",
        "+223 70 12 34 56, 66.12.34.56",
        "70123456\n66123456\n70123456",
    ],
)
def test_two_numbers_in_one_cell(raw):
    assert several(raw, "ML") == ["+22370123456", "+22366123456"]


@pytest.mark.parametrize("raw", ["70123456/123", "70123456 6612345", "70123456 ou rien", "70/12/34/56, 66/12/34/56"])
def test_what_is_not_two_whole_numbers(raw):
    with pytest.raises(BadNumber, match="two numbers"):
        several(raw, "ML")
