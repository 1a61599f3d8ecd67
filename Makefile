# Two commands: `make run` shows the sample library, `make test` proves everything.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: install run test lint types unit torture bench replay lock clean help

help:
	@echo "make run      install and open the sample library on http://127.0.0.1:8000"
	@echo "make install  leave .venv/bin/broadsheet ready to use"
	@echo "make test     lint, types, import rules and every test"
	@echo "make bench    print latency, throughput and memory beside named peers"
	@echo "make torture  the long runs: kills of import, harvest, index and delivery"
	@echo "make replay   two months of digests for a dozen readers (DATA=folder with papers.jsonl)"
	@echo "make lock     write the lock files anew from pyproject.toml (needs uv)"

install: .venv/.installed

run: install
	$(BIN)/broadsheet up --sample

test: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist worksteal

lint types unit: .venv/.installed-dev
lint:
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
types:
	$(BIN)/mypy
unit:
	$(BIN)/pytest -n auto --dist worksteal

torture: .venv/.installed-dev
	BROADSHEET_TORTURE_MOMENTS=50 $(BIN)/pytest -n 1 -m torture tests/torture

bench: .venv/.installed-dev
	$(BIN)/python -m bench

# Two months of papers, day by day, for a dozen readers: make replay DATA=corpus_arxiv
replay: .venv/.installed-dev
	$(BIN)/python -m bench.replay --data $(DATA) --out build/replay

lock:
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -o requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Broadsheet needs Python 3.11 or newer; name one with make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-build-isolation --no-deps -e .
	@$(BIN)/broadsheet model get || echo "Search is by words alone until \`broadsheet model get\` works."
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .hypothesis
