"""The shape of the code: what must have its counterpart has one, and nothing grows out of hand."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from importlinter.cli import lint_imports

from smsapp import queues, release, schema, tables, ties
from smsapp.config import Settings
from smsapp.conversations import lacking
from smsapp.db import Base
from tests.flowkit import LIVE
from workers import jobs, schedule

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(path for part in ("smsapp", "workers", "runner") for path in (ROOT / part).rglob("*.py"))
MOST_LINES, MOST_OF_A_FUNCTION = 300, 40


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE}


def place(path: Path, node: ast.AST | None = None) -> str:
    """Where something stands, as an editor opens it."""
    return f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 1)}"


@cache
def nodes() -> dict[type[ast.AST], list[tuple[Path, Any]]]:
    """All code by kind, each piece with its file: what is asked for again and again is walked through once."""
    kinds: dict[type[ast.AST], list[tuple[Path, Any]]] = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            kinds[type(node)].append((path, node))
    return kinds


def found(*kinds: type[ast.AST]) -> Iterator[tuple[Path, Any]]:
    """Every piece of code of these kinds, and its file."""
    return chain.from_iterable(nodes()[kind] for kind in kinds)


def dotted(node: ast.expr) -> str:
    """A name as it is written, such as `datetime.now`; of what is no name, nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def outside(*folders: str) -> Iterator[tuple[Path, Any]]:
    """Every call in code that is not in these places."""
    return ((path, call) for path, call in found(ast.Call) if not place(path).startswith(folders))


# ---- size


def test_files_stay_small():
    lines = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {at: n for at, n in lines.items() if n > MOST_LINES} == {}


def test_functions_stay_small():
    functions = found(ast.FunctionDef, ast.AsyncFunctionDef)
    lines = {place(path, node): node.end_lineno - node.lineno + 1 for path, node in functions}
    assert {at: n for at, n in lines.items() if n > MOST_OF_A_FUNCTION} == {}


def test_a_module_opens_with_one_sentence():
    first = {place(path): (ast.get_docstring(tree) or "").split("\n\n")[0] for path, tree in trees().items()}
    assert [at for at, words in first.items() if not words.endswith((".", "?"))] == []


def test_imports_go_one_way():
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_only_the_queue_and_the_workers_know_rq():
    knowing = set()
    for path, node in found(ast.Import, ast.ImportFrom):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        if "rq" in {name.split(".")[0] for name in names} and path.relative_to(ROOT).parts[0] != "workers":
            knowing.add(path.relative_to(ROOT).as_posix())
    assert knowing == {"smsapp/queues.py"}


# ---- what belongs together


@pytest.mark.parametrize("name", sorted(LIVE.live))
def test_every_flow_has_a_story(name):
    assert list((ROOT / "tests" / "stories").glob(f"{name}_*.yaml"))


@pytest.mark.parametrize("name", sorted(LIVE.live))
def test_every_fact_and_effect_that_a_flow_names_is_there(name):
    assert lacking(LIVE.live[name]) == []


def test_every_story_is_about_a_flow():
    stories = [path.stem for path in (ROOT / "tests" / "stories").glob("*.yaml")]
    assert [name for name in stories if not name.startswith(tuple(f"{flow}_" for flow in LIVE.live))] == []


def test_every_gateway_has_its_recorded_answers():
    ours = {path.stem for path in (ROOT / "smsapp" / "gateways").glob("*.py")} - {"__init__", "base", "http"}
    gateways = {name for name in ours if not name.endswith("_sdk")}
    assert gateways == {path.stem for path in (ROOT / "tests" / "contract").glob("*.yaml")}


def test_every_job_has_a_queue_and_every_queue_a_job():
    defined = {
        name for name, made in vars(jobs).items() if inspect.isfunction(made) and made.__module__ == jobs.__name__
    }
    assert {name for name in defined if not name.startswith("_")} == set(queues.JOBS)


def test_every_periodic_job_is_a_job():
    assert {every.job for every in schedule.PERIODIC} <= set(queues.JOBS)
    assert all(every.seconds > 0 for every in schedule.PERIODIC)
    assert len({every.job for every in schedule.PERIODIC}) == len(schedule.PERIODIC)


def test_every_job_takes_no_arguments():
    """A job works out from the rows what is due: a lost or repeated ring changes nothing."""
    assert [name for name in queues.JOBS if inspect.signature(getattr(jobs, name)).parameters] == []


def test_migrations_have_a_single_head():
    script = ScriptDirectory.from_config(schema.config())
    assert script.get_heads() == [release.head()]
    assert len(script.get_bases()) == 1


def test_every_language_has_a_catalogue():
    folders = {path.name for path in (ROOT / "smsapp" / "translations").iterdir() if path.is_dir()}
    languages = next(field.default for field in fields(Settings) if field.name == "languages")
    assert set(languages) <= folders


def test_the_readme_lists_every_setting_and_no_other():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\|( *`[A-Z][A-Z_]+`[^|]*)\|", readme, re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`([A-Z][A-Z_]+)`", cell)}
    assert listed == {field.name.upper() for field in fields(Settings)}


def test_every_column_of_a_person_or_a_number_says_what_becomes_of_it():
    """Merging and forgetting a person go by what columns say; one that says nothing would keep her."""
    assert tables.ALL  # importing them declares the tables
    silent = []
    for table in Base.metadata.sorted_tables:
        tied = {tie.to for column in table.columns if (tie := ties.of(column))}
        for column in table.columns:
            person = column.name == "person_id" or any(
                key.target_fullname == "persons.id" for key in column.foreign_keys
            )
            # A number beside its person goes with her row.
            if (person or (column.name == "number" and "person" not in tied)) and ties.of(column) is None:
                silent.append(f"{column}: say so by info=ties.person(…) or ties.number(…)")
    assert silent == []


def test_rows_that_outlive_her_say_whose_their_numbers_and_secrets_are():
    """Else a number that only such a row knows would be overlooked when she is forgotten."""
    assert tables.ALL
    silent = []
    for table in Base.metadata.sorted_tables:
        found = [(column, tie) for column in table.columns if (tie := ties.of(column))]
        if any(tie.to == "person" and tie.forget == ties.KEEP for _, tie in found):
            silent += [
                f"{column}: ties.number(…, whose)" for column, tie in found if tie.to == "number" and not tie.whose
            ]
            silent += [f"{c}: ties.own(whose)" for c in table.columns if c.name == "pin" and ties.of(c) is None]
    assert silent == []


# ---- what must not be written down

LOGGED = {f"log.{level}" for level in ("debug", "info", "warning", "error", "critical", "exception")}
NEVER = {"text", "texts", "body", "pin", "answers", "path", "screen", "name", "form"}


def logged() -> Iterator[tuple[Path, ast.Call]]:
    for path, call in found(ast.Call):
        if dotted(call.func) in LOGGED:
            yield path, call


def test_no_text_and_no_whole_number_is_logged():
    wrong = []
    for path, call in logged():
        numbers = [k.value for k in call.keywords if k.arg in {"number", "numbers", "to"}]
        if (
            not all(isinstance(argument, ast.Constant) for argument in call.args)
            or any(keyword.arg in NEVER for keyword in call.keywords)
            or not all(re.match(r"(phones\.)?masked\(", ast.unparse(value)) for value in numbers)
        ):
            wrong.append(place(path, call))
    assert wrong == []
    assert len(list(logged())) > 10


def test_no_number_stands_in_the_code():
    """But the demonstration's, whose phones the simulator is: a mother, a treasurer, a member, a health worker."""
    numbers = {place(path): set(re.findall(r"\+?223[0-9]{8}", path.read_text(encoding="utf-8"))) for path in CODE}
    assert [at for at, said in numbers.items() if any(not re.match(r"\+2237000(01|02|03)", n) for n in said)] == []


def test_nobody_asks_the_computer_for_the_time_of_day():
    """`rt.now()` is the only clock; what measures how long something took is not one."""
    clocks = {"datetime.now", "date.today", "time.time", "datetime.utcnow"}
    own = ("runner/", "smsapp/runtime.py", "smsapp/handlers/simulator/")
    edge = "smsapp/gateways/http.py"  # a Retry-After that names a time of day
    assert [place(path, call) for path, call in outside(*own, edge) if dotted(call.func) in clocks] == []
