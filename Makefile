# Every target sets up what it needs: only make and Python 3.11 or newer are wanted beforehand.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
EDITABLE := $(PIP) install --no-deps --no-build-isolation --editable .
LOCK := python -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --quiet

.PHONY: help demo test lint format types contracts schemas bench check lock clean

help: ## what there is to do
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## the whole story against the emulator, in about ten seconds
	@$(BIN)/reconciler demo

test: $(VENV)/.dev ## all tests
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev ## style of code and files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## types
	$(BIN)/mypy

contracts: $(VENV)/.dev ## which room may import which
	$(BIN)/lint-imports --no-cache

schemas: $(VENV)/.run ## write schemas/ anew
	$(BIN)/reconciler schema --out schemas

bench: $(VENV)/.dev ## how fast it is
	$(BIN)/python -m benchmarks.bench

check: lint types contracts ## everything that continuous integration asks for
	$(BIN)/reconciler schema --check --out schemas
	$(BIN)/python -m pytest -n auto

lock: $(VENV)/.run ## pin what pyproject.toml allows, for users and for work on this
	$(PIP) install uv
	$(BIN)/$(LOCK) --group build --output-file requirements.lock
	$(BIN)/$(LOCK) --group dev --output-file requirements-dev.lock

clean: ## take away what the targets made
	rm -rf $(VENV) .ci-venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, with its venv module (Debian: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements.lock
	$(EDITABLE)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(EDITABLE)
	@touch $@ $(VENV)/.run
