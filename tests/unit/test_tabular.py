"""Exports: what a spreadsheet shows is what was written, and nothing in it runs."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from smsapp.tabular import csv_rows, xlsx

TROUBLE = [
    "=1+1",
    "@SUM(A1)",
    "-2+3+cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
    "%1",
]
PLAIN = ["+22370123456", "+223 70 12 34 56", "-500", "Awa Traoré", "CSCom «Sotuba»", "a=b", "a\nb", '"', "#N/A", ""]


def as_csv(rows, header=("name",), **how):
    text = "".join(csv_rows(header, rows, **how))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=how.get("delimiter", ",")))


def as_xlsx(rows, header=("name",)):
    with xlsx(header, rows, "People") as file:
        return list(openpyxl.load_workbook(file)["People"].iter_rows())


@pytest.mark.parametrize("text", TROUBLE)
def test_a_formula_is_only_a_text(text):
    assert as_csv([[text]])[1] == [f"'{text}"]
    cell = as_xlsx([[text]])[1][0]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert cell.value == text.replace("\r", "\n")


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_harmless_stays_as_it_is(text):
    assert as_csv([["x", text]])[1] == ["x", text]
    cell = as_xlsx([["x", text]])[1][1]
    assert (cell.value or "") == text
    assert cell.data_type in {"s", "inlineStr"}


def test_a_heading_is_a_text_too():
    assert as_csv([], header=["=1"]) == [["'=1"]]
    assert as_xlsx([], header=["=1"])[0][0].data_type == "s"


def test_numbers_dates_and_nothing():
    row = [-5, Decimal("1.50"), None, date(2026, 3, 10), datetime(2026, 3, 10, 10, 0, tzinfo=UTC)]
    assert as_csv([row], header="abcde")[1] == ["-5", "1.50", "", "2026-03-10", "2026-03-10 10:00:00"]
    values = [cell.value for cell in as_xlsx([row], header="abcde")[1]]
    assert values == [-5, 1.5, None, datetime(2026, 3, 10), datetime(2026, 3, 10, 10, 0)]


def test_a_semicolon_for_those_whose_excel_wants_it():
    assert as_csv([["a,b", "c;d"]], header=["x", "y"], delimiter=";") == [["x", "y"], ["a,b", "c;d"]]


def test_what_no_spreadsheet_can_hold_is_left_out():
    assert as_xlsx([["a\x00b\x1f" + "c" * 40_000]])[1][0].value == "ab" + "c" * 32_765


def test_rows_are_taken_as_they_come():
    """A list of a million people is never held: the first piece is there before the last row is made."""
    made = []

    def rows():
        for n in range(10_000):
            made.append(n)
            yield [n]

    pieces = csv_rows(["n"], rows())
    assert "0" in next(pieces)
    assert len(made) < 1000
    assert sum(piece.count("\n") for piece in pieces) + 200 == 10_001
