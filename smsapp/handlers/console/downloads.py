"""Tables that staff take with them, as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, send_file

from smsapp import tabular

FORMS = ("csv", "xlsx")


def table(form: str, name: str, header: Sequence[str], rows: tabular.Rows) -> Response:
    """The table as a file of this name."""
    named: dict[str, Any] = {"as_attachment": True, "download_name": f"{name}.{form}"}
    if form == "xlsx":
        return send_file(tabular.xlsx(header, rows, name), tabular.XLSX_TYPE, **named)
    answer = Response(tabular.csv_rows(header, rows), content_type=tabular.CSV_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=named["download_name"])
    return answer
