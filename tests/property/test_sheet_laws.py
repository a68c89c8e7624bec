"""Laws of spreadsheets: whatever comes is rows or one sentence, and what we write is what we read."""

import csv
import io
import re
from contextlib import suppress

import openpyxl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smsapp.sheets import BadSheet, book
from smsapp.tabular import csv_rows, xlsx

# Texts as people write them, and the beginnings that spreadsheets run; no private letters, which mark a formula.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=12)
CELL = st.one_of(
    TEXT,
    st.builds(
        lambda first, rest: first + rest,
        st.sampled_from(["=", "+", "-", "@", "\t", "%", "'", "'=", " =", "+223"]),
        TEXT,
    ),
)
TABLE = st.lists(st.lists(CELL.filter(str.strip), min_size=2, max_size=4), min_size=1, max_size=6)


def read(raw):
    with suppress(BadSheet):
        return [line.cells for line in book(raw).lines()]
    return None


def workbook():
    made = openpyxl.Workbook()
    made.active.append(["phone", "name"])
    made.active.append([70123456, "=A2"])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


WORKBOOK = workbook()


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_a_sentence(raw):
    read(raw)


@given(st.data())
def test_a_workbook_with_any_bytes_changed_is_rows_or_a_sentence(data):
    raw = bytearray(WORKBOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(raw))
    read(bytes(raw[: data.draw(st.integers(4, len(raw)))]))


def unlike_a_separator(rows):
    """Which sign separates the cells is told from the rows: not where they hold more of another one."""
    return not any(sign in cell for row in rows for cell in row for sign in ",;|\t")


@given(TABLE.filter(unlike_a_separator), st.sampled_from(",;"))
@example([["Awa", "N'-Golo"]], ",")  # only a cell's first apostrophe is our mark
def test_a_csv_of_ours_is_read_as_it_was_written(rows, delimiter):
    header = ["h"] * 4
    assert read("".join(csv_rows(header, rows, delimiter=delimiter)).encode()) == [header, *rows]


@settings(max_examples=15)
@given(TABLE)
def test_a_workbook_of_ours_is_read_as_it_was_written(rows):
    header = ["h"] * 4
    with xlsx(header, rows) as file:
        assert read(file.read()) == [header, *rows]


@settings(max_examples=15)
@given(TABLE)
def test_no_cell_of_ours_runs(rows):
    text = "".join(csv_rows(["h"], rows)).removeprefix("\ufeff")
    for cell in (cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row):
        assert re.fullmatch(r"[+-][0-9][0-9 .,]*|(?![ \u00a0]*[=+@%\t\r\n-]).*", cell, re.DOTALL)
    with xlsx(["h"], rows) as file:
        assert {cell.data_type for row in openpyxl.load_workbook(file).active for cell in row} <= {
            "s",
            "inlineStr",
            "n",
        }
