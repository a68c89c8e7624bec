# Needs make and Python 3.11 or newer, nothing else. `make help` says what there is.

VENV ?= .venv
BIN = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check bench setup setup-dev

help: ## list these
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: setup ## set everything up and run the whole service; Ctrl-C stops it
	@MAKE_PID=$$PPID exec $(BIN)/python -m runner

# The tests start some hundred Pythons: each would compile the service anew where nothing compiled is kept.
test: setup-dev ## run every test, each against real servers of its own
	@.ci/browser
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal

check: setup-dev ## format, lint, types, import rules, flows: the fast checks
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_architecture.py
	@$(BIN)/flask --app wsgi flows check --files

bench: setup-dev ## the benchmarks, as one table of ratios
	@$(BIN)/python -m bench

setup:
	@.ci/setup $(VENV) requirements.txt

setup-dev:
	@.ci/setup $(VENV) requirements-dev.txt
