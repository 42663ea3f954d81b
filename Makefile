# One table, counted from records: what can be done here. `make` alone prints the list.
# Needed: GNU make and Python 3.11 or later. Another Python: make setup PYTHON=python3.12
# Without a network: make setup WHEELHOUSE=wheelhouse/linux-x86_64 (made by make wheelhouse where there is one)

PYTHON   ?= python3
PYTHON_VERSION ?= 3.11
WORKERS  ?= 2
BIN      := .venv/bin
OFFLINE  := $(if $(WHEELHOUSE),--no-index --find-links "$(WHEELHOUSE)")
PIP      := $(BIN)/python -m pip --disable-pip-version-check -qq install $(OFFLINE)
# Wheels only: a package as source would run its own program while it is installed
WHEELS   := --only-binary=:all: --require-hashes
# Tests start many processes; where bytecode may not be kept, as in some containers, each would compile the package anew
PYTEST   := env -u PYTHONDONTWRITEBYTECODE "$(CURDIR)/$(BIN)/python" -m pytest
SETUP    := .venv/.setup
TESTS    := .venv/.setup-test
QUICK    := not (browser or office or database or slow)
TRIAL    := trial.tmp
CHECKS   := format lint types locks house

.PHONY: help setup setup-postgres setup-test scorecards test test-all everything tests notebooks lab check bench ranges fuzz pictures schema templates lock wheelhouse clean $(CHECKS:%=check-%)
.DEFAULT_GOAL := help

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(SETUP)  ## make .venv and install what requirements.lock names
	@echo "Ready in .venv"
setup-postgres: $(SETUP)  ## add what reads records in a PostgreSQL database (requirements-postgres.lock)
	@$(PIP) $(WHEELS) -r requirements-postgres.lock
	@echo "Ready in .venv"
setup-test: $(TESTS)  ## add what tests and checks need (requirements-test.lock)
	@echo "Ready in .venv"

scorecards: $(SETUP)  ## invent a province, score it, print one county's cards (settings: params/demo.yaml, results: runs/)
	@test -d demo || $(BIN)/fengqiao demo demo
	@$(BIN)/fengqiao run params/demo.yaml

test: MARKS = -m "$(QUICK)"
test: export FENGQIAO_QUICK = 1
test: everything  ## run the tests, the examples in docstrings and the notebooks: about four minutes
test-all: everything  ## the same, and what needs a browser, an office suite, a database or patience

lab: $(SETUP)  ## open JupyterLab on copies of the notebooks (in my_notebooks/), for this machine only
	@$(BIN)/fengqiao lab

check: $(TESTS)  ## check form, types, locks and the rules of the house; says how many failed
	@failed=0; for check in $(CHECKS); do \
		$(MAKE) --no-print-directory --silent check-$$check || { echo "check-$$check FAILED"; failed=$$((failed + 1)); }; \
	done; echo "$$failed of $(words $(CHECKS)) checks failed"; test $$failed -eq 0

bench: $(TESTS)  ## measure speed and memory, and kill 200 runs
	@for script in tests/bench/bench_*.py; do test -f "$$script" || continue; \
		echo "$$script"; $(BIN)/python "$$script" || exit 1; done
	@echo tests/random_kills.py; $(BIN)/python tests/random_kills.py --kills 200

ranges: $(TESTS)  ## play the classes of the simulation of ranges and write docs/UNCERTAINTY.md; about ten minutes
	@$(BIN)/python tests/bench/bench_uncertainty.py --page docs/UNCERTAINTY.md

fuzz: $(TESTS)  ## try 8,000 mutated projects, then 10,000 office files: SEED=7 others, INPUTS=300 fewer, INPUT=123 one alone, kept in fuzz.tmp/; about an hour
	@PYTHONPATH=tests $(BIN)/python -m fuzz --seed $(or $(SEED),0) --workers $(WORKERS) \
		$(if $(INPUTS),--inputs $(INPUTS)) $(if $(INPUT),--input $(INPUT))
	@$(if $(INPUT),,PYTHONPATH=tests $(BIN)/python -m fuzz.files --seed $(or $(SEED),0) --workers $(WORKERS) \
		$(if $(INPUTS),--inputs $(INPUTS)))

pictures: $(TESTS)  ## take pictures of every kind of page, four widths, light and dark, both languages, into pictures.tmp/ or TO=FOLDER
	@$(BIN)/python .ci/pictures.py "$(or $(TO),pictures.tmp)"

schema: $(SETUP)  ## write the JSON schemas by which editors complete and check schemes (docs/*.schema.json)
	@$(BIN)/python .ci/json_schema.py docs

templates: $(SETUP)  ## note what the notebooks shipped do, so that a run can name those that differ
	@$(BIN)/python -m fengqiao_eval.runs.templates notebooks

lock:  ## renew the locks (maintainers; needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group postgres -c requirements.lock -o requirements-postgres.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group test -c requirements.lock -o requirements-test.lock

wheelhouse: $(SETUP)  ## gather all that a closed network needs: PLATFORM=linux-x86_64, linux-arm64 or windows-x86_64
	@$(BIN)/python .ci/wheelhouse.py $(PLATFORM) --python $(PYTHON_VERSION)

clean:  ## remove caches and leftovers; .venv, demo/ and runs/ stay
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info *.tmp
	@find fengqiao_eval notebooks tests \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# Installing. Each step leaves a stamp, so that only what has changed is done again.

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo not there)."; \
		echo "Another one is named so: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.locked: .venv/.python requirements.lock
	@echo "Installing what requirements.lock names: about a minute, longer on a slow network"
	@$(PIP) $(WHEELS) -r requirements.lock
	@touch $@

$(SETUP): .venv/.locked pyproject.toml
	@echo "Installing fengqiao_eval itself"
	@$(PIP) --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(TESTS): $(SETUP) requirements-test.lock
	@echo "Installing what the tests need: about another minute"
	@$(PIP) $(WHEELS) -r requirements-test.lock
	@touch $@

# Testing: tests that fail do not keep the notebooks from being run

everything: $(TESTS)
	@failed=; for part in tests notebooks; do \
		$(MAKE) --no-print-directory $$part MARKS='$(MARKS)' || failed="$$failed $$part"; \
	done; if test -n "$$failed"; then echo "FAILED:$$failed (each can be run alone: make PART)"; exit 1; fi; \
	echo "Passed: the tests, the examples in docstrings and the notebooks"

tests: $(TESTS)
	@echo "Running the tests and the examples in docstrings, $(WORKERS) at a time: about three minutes on two cores"
	@$(PYTEST) -p no:nbval -n $(WORKERS) --dist loadfile --max-worker-restart 1 $(MARKS)

# Notebooks run in a project of their own, so that nobody's runs/ is touched, and only those that ship, wherever that is known.
# No xdist: it would deal out single cells.
notebooks: NOTEBOOKS = $(or $(shell git -c safe.directory='*' ls-files 'notebooks/*.ipynb' 2>/dev/null),$(wildcard notebooks/*.ipynb))
notebooks: $(TESTS)
	@echo "Running every notebook as an analyst would, on an invented province: about a minute"
	@rm -rf $(TRIAL) && mkdir $(TRIAL) && cp -R notebooks params $(TRIAL)
	@cd $(TRIAL) && ../$(BIN)/fengqiao demo demo && ../$(BIN)/fengqiao score params/demo.yaml
	@cd $(TRIAL) && $(PYTEST) -c /dev/null --rootdir . -p no:xdist --nbval-lax --nbval-current-env $(NOTEBOOKS)
	@rm -rf $(TRIAL)

# Checking: each can be run alone

check-format: $(TESTS)
	@$(BIN)/ruff format --quiet --check --output-format concise || { echo "make it so: $(BIN)/ruff format"; exit 1; }
check-lint: $(TESTS)
	@$(BIN)/ruff check --quiet --output-format concise
check-types: $(TESTS)
	@$(BIN)/mypy
check-locks: $(TESTS)
	@$(BIN)/python -m pip --disable-pip-version-check check
check-house: $(TESTS)
	@$(PYTEST) -q tests/test_house.py
