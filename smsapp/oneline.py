"""Commands that say in one line what is wrong with how they were called, as they do for everything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click


class Misused(click.ClickException):
    """Click would show the usage above it; `--help` does that."""

    exit_code = 2


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as why:
        raise Misused(" ".join(why.format_message().split())) from why


class Command(click.Command):
    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _in_one_line():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _in_one_line():
            return super().invoke(ctx)


class Group(Command, click.Group):
    pass
