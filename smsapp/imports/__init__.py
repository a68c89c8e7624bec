"""Imports of people from spreadsheets: upload, columns, preview, check, a yes, and rows written by a worker."""

from smsapp.imports.columns import MOST_COLUMNS, Plan, guess
from smsapp.imports.reading import NotHere, every_problem, listing, one, problems
from smsapp.imports.tables import AT_WORK, Import, ImportPart, ImportProblem
from smsapp.imports.uploads import (
    NotNow,
    Shown,
    begin_check,
    cancel,
    change_plan,
    confirm,
    first_lines,
    forget_old,
    preview,
    upload,
)
from smsapp.imports.working import work

__all__ = [
    "AT_WORK",
    "MOST_COLUMNS",
    "Import",
    "ImportPart",
    "ImportProblem",
    "NotHere",
    "NotNow",
    "Plan",
    "Shown",
    "begin_check",
    "cancel",
    "change_plan",
    "confirm",
    "every_problem",
    "first_lines",
    "forget_old",
    "guess",
    "listing",
    "one",
    "preview",
    "problems",
    "upload",
    "work",
]
