"""What the field macro asks of a form's field: its description for screen readers, and whether it may stay empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import Field

ALWAYS_FILLED = {"SelectField", "SelectMultipleField", "RadioField", "FileField", "BooleanField", "MultipleFileField"}


def described(field: Field, hint: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that tie a widget to its hint and its problem."""
    told = [f"{field.id}-hint"] * bool(hint) + [f"{field.id}-problem"] * bool(field.errors)
    return {
        **({"aria-describedby": " ".join(told)} if told else {}),
        **({"aria-invalid": "true"} if field.errors else {}),
        **more,
    }


def is_optional(field: Field) -> bool:
    """Said beside the label, where most fields must be filled."""
    return not field.flags.required and field.type not in ALWAYS_FILLED
