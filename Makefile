# Five commands, the same that CI calls. `make install` is the first step of all.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE ?= examples/zoster.zh.txt

.PHONY: all install consult test format lint types bench live schema clean

all: lint types test

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

consult: install
	$(BIN)/yingzhi consult $(EXAMPLE)

test: install
	$(BIN)/python -m pytest -q

format: install
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy
	$(BIN)/pyright

bench: install
	$(BIN)/python bench/run.py
	$(BIN)/python bench/models.py

# With YINGZHI_MODEL set to any endpoint; CASES are files of vignettes, the examples without.
live: install
	$(BIN)/python bench/live.py $(CASES)

schema: install
	$(BIN)/python -m yingzhi.graphs.schema docs/schema
	$(BIN)/python -m yingzhi.evals.cases

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
