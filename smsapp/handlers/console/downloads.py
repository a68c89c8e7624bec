"""Small tables that staff take with them, as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from smsapp import tabular


def table(form: str, name: str, header: Sequence[str], rows: tabular.Rows, delimiter: str = ",") -> Response:
    """The table as a file of this name, `form` csv or xlsx; what is long should stream instead."""
    if form == "xlsx":
        with tabular.xlsx(header, rows, name) as file:
            answer = Response(file.read(), content_type=tabular.XLSX_TYPE)
    else:
        answer = Response("".join(tabular.csv_rows(header, rows, delimiter)), content_type=tabular.CSV_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return answer
