"""Thousands of rows of the demonstration written with one statement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from smsapp.db import Base


def put(db: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that all have the same columns; the others get what the table says."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    write = f'INSERT INTO "{table.__tablename__}" ({names}) SELECT {names}'
    read = f'FROM json_populate_recordset(NULL::"{table.__tablename__}", CAST(:rows AS json))'
    db.execute(text(f"{write} {read}"), {"rows": json.dumps(rows, default=str)})
