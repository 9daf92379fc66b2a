# Five commands, the same that CI calls. `make install` is the first step of all.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
EXAMPLE ?= examples/zoster.zh.txt

.PHONY: all install browser consult serve test evals format lint types bench soak live schema clean

all: lint types test

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Chromium looks at the HTML report in a test; without it that test is skipped.
browser:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium) >/dev/null 2>&1 \
		|| echo "chromium could not be installed: the test of the HTML report will be skipped"

consult: install
	$(BIN)/yingzhi consult $(EXAMPLE)

serve: install
	$(BIN)/yingzhi serve

test: install
	$(BIN)/python -m pytest -q

# The gold cases on the embedded engine; fails if a gate of safety does not hold.
evals: install
	$(BIN)/yingzhi eval check
	$(BIN)/yingzhi eval run --model none

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
	$(BIN)/python bench/evals.py
	$(BIN)/python bench/service.py --workers 2
	$(BIN)/python bench/drugs.py

# Long: memory over 5,000 consultations, 100 times kill -9, readers that leave, SIGTERM.
soak: install
	$(BIN)/python bench/soak.py

# With YINGZHI_MODEL set to any endpoint; CASES are files of vignettes, the examples without.
live: install
	$(BIN)/python bench/live.py $(CASES)

schema: install
	$(BIN)/python -m yingzhi.graphs.schema docs/schema
	$(BIN)/python -m yingzhi.evals.cases

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
