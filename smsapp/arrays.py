"""Many values of a search as one parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, literal
from sqlalchemy.orm import InstrumentedAttribute


def among(key: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """As `in_`: of hundreds of parameters the writing of the statement costs more than the search itself."""
    return key == any_(literal(list(values), ARRAY(key.type)))
