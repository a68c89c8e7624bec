"""What every process of a run has, whether it runs tests or has others run them; the fixtures are beside this."""

from __future__ import annotations

import gc
import os

import pytest

from tests import guard, watch

WATCH = pytest.StashKey[watch.Watch]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what phones see into tests/stories/")


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: many tests wait, for a browser or another process."""
    return (os.cpu_count() or 1) + 2


def pytest_configure(config: pytest.Config) -> None:
    guard.install()
    if not hasattr(config, "workerinput"):  # the process that people start, not one of xdist's
        config.stash[WATCH] = watch.Watch()
    if config.getoption("dist", "no") == "no":  # one that only hands out tests needs nothing of the service
        gc.disable()  # until all is collected: little of it is garbage
        config.pluginmanager.import_plugin("tests.fixtures")


def pytest_unconfigure(config: pytest.Config) -> None:
    if watching := config.stash.get(WATCH, None):
        watching.over()
