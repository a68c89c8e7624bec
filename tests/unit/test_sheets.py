"""Spreadsheets as they really are: what each kind of file says, or the sentence that refuses it."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.xml.constants import SHEET_MAIN_NS

from smsapp import sheets
from smsapp.sheets import NO_RESULT, BadSheet, book
from smsapp.sheets import workbook as opened
from smsapp.tabular import csv_rows, xlsx

PEOPLE = [["Téléphone", "Nom"], ["70123456", "Zoé"], ["66123456", "Awa"]]


def cells(raw, sheet=0):
    return [line.cells for line in book(raw).lines(sheet)]


def workbook(*rows, change=lambda book: None):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    change(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def rewritten(raw, part, change):
    """The workbook with one of its parts written by another program."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            told = old.read(info)
            new.writestr(info.filename, change(told) if info.filename == part else told)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


# ---- text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac-roman"])
def test_csv_as_it_comes(delimiter, ends, letters):
    text = ends.join(delimiter.join(row) for row in PEOPLE) + ends
    if ends != "\r" and letters == "mac-roman":
        text = text.replace("Zoé", "Zoé était là")  # enough to tell the Mac's letters from those of Windows
    assert [row[0] for row in cells(text.encode(letters))] == ["Téléphone", "70123456", "66123456"]


def test_the_separator_is_what_most_rows_agree_on():
    text = "Mères, filles et sœurs; CSCom Sotuba\n\nNom;Tél.\nDiarra, Awa;70123456\nTraoré, Zoé;66123456\n"
    assert cells(text.encode())[1:] == [["Nom", "Tél."], ["Diarra, Awa", "70123456"], ["Traoré, Zoé", "66123456"]]


def test_a_first_line_may_name_the_separator():
    lines = list(book(b"sep=;\na,b;c\nd,e;f\n").lines())
    assert lines == [(2, ["a,b", "c"]), (3, ["d,e", "f"])]


def test_rows_keep_their_numbers_over_empty_ones_and_lines_within_a_cell():
    lines = list(book(b'a,b\n\n,,\n"two\nlines",x\nlast,y\n').lines())
    assert lines == [(1, ["a", "b"]), (4, ["two\nlines", "x"]), (6, ["last", "y"])]


def test_one_column_alone():
    assert cells(b"phone\n70123456\n66123456\n") == [["phone"], ["70123456"], ["66123456"]]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty"),
        (b" \n\n ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (bytes(range(256)), "no text"),
        (b"%PDF-1.7\n1 0 obj\n", "no text"),
        (b"\xff\xd8\xff\xe0 a picture", "no text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no text"),
        (b"a\x01\x02\x03\x04b", "no text"),
        (b"<html><table><tr><td>70123456</td></tr></table></html>", "web page"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "web page"),
        (b'<?xml version="1.0"?><Workbook/>', "web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"PK\x03\x04 and nothing more", "not be opened"),
        (b'phone,name\n70123456,"Awa\n', "quotation mark"),
        (b"phone\n" + b"x" * 200_000, "quotation mark"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_a_sentence(raw, why):
    with pytest.raises(BadSheet) as refused:
        list(book(raw).lines())
    assert why in str(refused.value)
    assert str(refused.value) == (refused.value.sentence % refused.value.values or refused.value.sentence)


# ---- workbooks


def test_what_is_seen_in_a_cell():
    row = [70123456, 70123456.0, 2.2370123456e10, 12.5, "Zoé", True, date(2026, 3, 10), datetime(2026, 3, 10, 8, 30)]
    raw = workbook(row)
    assert cells(raw) == [
        ["70123456", "70123456", "22370123456", "12.5", "Zoé", "TRUE", "2026-03-10", "2026-03-10 08:30:00"]
    ]


def test_a_formula_is_its_result_or_has_none():
    raw = workbook(["=A2", "=1+1"], [70123456])
    raw = rewritten(raw, SHEET, lambda xml: xml.replace(b"<f>A2</f><v />", b"<f>A2</f><v>70123456</v>"))
    assert cells(raw) == [["70123456", NO_RESULT], ["70123456"]]


def test_a_formula_that_went_wrong_shows_its_error():
    raw = rewritten(
        workbook(["=A2"]),
        SHEET,
        lambda xml: xml.replace(b"<v />", b"<v>#REF!</v>").replace(b'<c r="A1">', b'<c r="A1" t="e">'),
    )
    assert cells(raw) == [["#REF!"]]


def test_hidden_sheets_are_left_out():
    def hide(made):
        made.create_sheet("Cachée").append(["secret"])
        made.create_sheet("Très cachée").append(["secret"])
        made.create_sheet("Mères").append(["70123456"])
        made["Cachée"].sheet_state = "hidden"
        made["Très cachée"].sheet_state = "veryHidden"
        made.create_chartsheet("Graphique")

    opened = book(workbook(["a"], change=hide))
    assert list(opened.sheets) == ["Sheet", "Mères"]
    assert [line.cells for line in opened.lines(1)] == [["70123456"]]


def test_a_workbook_of_hidden_sheets_alone_is_refused():
    raw = workbook(["a"])
    raw = rewritten(raw, "xl/workbook.xml", lambda xml: xml.replace(b'state="visible"', b'state="hidden"'))
    with pytest.raises(BadSheet, match="can be seen"):
        book(raw)


def test_a_title_over_merged_cells_is_one_cell():
    raw = workbook(["Liste", None, None], ["Téléphone", "Nom"], change=lambda made: made.active.merge_cells("A1:C1"))
    assert cells(raw) == [["Liste"], ["Téléphone", "Nom"]]


def test_rows_keep_their_numbers_and_cells_their_columns():
    def far(made):
        made.active["C5"] = "x"
        made.active["AB7"] = "y"

    assert list(book(workbook(["a"], change=far)).lines()) == [(1, ["a"]), (5, ["", "", "x"]), (7, [""] * 27 + ["y"])]


@pytest.mark.parametrize("dimension", [b"", b'<dimension ref="A1" />', b'<dimension ref="A1:XFD1048576" />'])
def test_what_a_sheet_says_of_its_size_is_not_believed(dimension):
    def lie(xml):
        start = xml.index(b"<dimension")
        return xml[:start] + dimension + xml[xml.index(b">", start) + 1 :]

    assert cells(rewritten(workbook(*PEOPLE), SHEET, lie)) == PEOPLE


def test_cells_and_rows_without_their_addresses():
    raw = rewritten(
        workbook(["a", "b"], ["c"]),
        SHEET,
        lambda xml: (
            xml.replace(b' r="A1"', b"").replace(b' r="B1"', b"").replace(b' r="1"', b"").replace(b' r="2"', b"")
        ),
    )
    assert list(book(raw).lines()) == [(1, ["a", "b"]), (2, ["c"])]


def sharing(*texts):
    """A workbook as Excel writes it: cells refer to texts that stand in a part of their own, in pieces of XML."""
    inline = b'<c r="A1" t="inlineStr"><is><t>x</t></is></c>'
    cell = "".join(f'<c r="{"ABC"[n]}1" t="s"><v>{n}</v></c>' for n in range(len(texts)))
    raw = rewritten(workbook(["x"]), SHEET, lambda xml: xml.replace(inline, cell.encode()))
    told = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{told}" /></Types>'
    raw = rewritten(raw, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", part.encode()))
    out = io.BytesIO(raw)
    with zipfile.ZipFile(out, "a") as added:
        said = "".join(f"<si>{text}</si>" for text in texts)
        added.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SHEET_MAIN_NS}">{said}</sst>')
    return out.getvalue()


def test_texts_that_cells_share():
    pieces = "<r><t>Awa </t></r><r><t>Traor_x00E9_</t></r><rPh sb='0' eb='1'><t>no</t></rPh>"
    assert cells(sharing("<t>Zoé</t>", pieces, "<t/>")) == [["Zoé", "Awa Traoré"]]


def test_a_text_that_is_not_there():
    raw = rewritten(sharing("<t>a</t>"), SHEET, lambda xml: xml.replace(b"<v>0</v>", b"<v>7</v>"))
    with pytest.raises(BadSheet, match="can not be opened"):
        cells(raw)


def test_a_thousand_columns():
    raw = workbook([f"c{n}" for n in range(1000)], ["70123456"])
    assert [len(row) for row in cells(raw)] == [1000, 1]


def test_formatting_to_the_end_of_the_sheet_is_no_content():
    raw = rewritten(
        workbook(["a"]),
        SHEET,
        lambda xml: xml.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'),
    )
    assert cells(raw) == [["a"]]


def test_a_bomb_does_not_go_off(monkeypatch):
    bomb = rewritten(
        workbook(["a"]), SHEET, lambda xml: xml.replace(b"</sheetData>", b" " * 5_000_000 + b"</sheetData>")
    )
    assert len(bomb) < 20_000
    assert cells(bomb) == [["a"]]
    monkeypatch.setattr(opened, "MOST_BYTES", 1_000_000)
    with pytest.raises(BadSheet, match="too large"):
        book(bomb)


def test_entities_are_not_unfolded():
    def billion(xml):
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        return xml.replace(b"<worksheet", laughs + b"<worksheet", 1).replace(b"<t>a</t>", b"<t>&b;</t>")

    with pytest.raises(BadSheet, match="not be opened"):
        cells(rewritten(workbook(["a"]), SHEET, billion))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (SHEET, lambda xml: xml[: len(xml) // 2]),
        (SHEET, lambda xml: xml.replace(b'r="A1"', b'r="ZZZZ1"')),
        ("xl/workbook.xml", lambda xml: b"nonsense"),
        ("xl/_rels/workbook.xml.rels", lambda xml: b""),
        ("xl/styles.xml", lambda xml: b"<a>"),
        ("[Content_Types].xml", lambda xml: b"<Types/>"),
    ],
)
def test_a_broken_workbook_is_refused_with_a_sentence(part, change):
    with pytest.raises(BadSheet, match="can not be opened"):
        cells(rewritten(workbook(["a"]), part, change))


def test_another_zip_is_no_workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(BadSheet, match="no workbook of Excel"):
        book(file.getvalue())


# ---- what we write, we read


def test_an_export_is_read_as_it_was_written():
    rows = [["+22370123456", "=HYPERLINK(1)", "-", "Traoré; Awa"], ["70 12 34 56", "@x", "'quoted'", "a\nb"]]
    header = ["phone", "name", "x", "y"]
    assert cells("".join(csv_rows(header, rows)).encode()) == [header, *rows]
    assert cells("".join(csv_rows(header, rows, delimiter=";")).encode()) == [header, *rows]
    with xlsx(header, rows) as file:
        assert cells(file.read()) == [header, *rows]


# ---- a heading that names the columns as we do


def test_the_rows_of_a_workbook_by_their_columns():
    sheet = sheets.read(workbook(["NAME", "Phone "], ["Awa", 70123456], ["Binta"], ["x", "y", "z"]), ("phone", "name"))
    assert sheet.rows == [(2, {"name": "Awa", "phone": "70123456"}), (3, {"name": "Binta", "phone": ""})]
    assert sheet.refused == [(4, "more cells than columns: 3, not 2")]
