# `make help` lists what can be done. Stamps in .stamps/ let a second run start in seconds.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= 1
TESTS ?= tests
WORKERS_OF_TESTS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run test check bench leaks crash screenshots lock clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: .stamps/packages .stamps/front .stamps/words ## environment, packages, front end, translations

run: setup ## the server and the job worker; a demo company when the database is empty (DEMO=0: none)
	@DEMO=$(DEMO) exec $(BIN)/flask serve

test: setup .stamps/reference ## all tests, in parallel, on SQLite and PostgreSQL (TESTS=tests/values for a part)
	@case " $(TESTS)" in *" tests" | *" tests "* | *" tests/browser"*) $(BIN)/python tools/chromium.py ;; esac
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q -n $(WORKERS_OF_TESTS) --dist worksteal $(TESTS)

check: setup ## style, types, layers, translations, migrations, known weaknesses of packages
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/translations.py check
	$(BIN)/python tools/migrations.py
	$(BIN)/python tools/audit.py

bench: setup ## how fast, beside a bare page of the same rows
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.growth

leaks: setup ## two databases that differ only in hidden values must answer alike (MUTANTS=1: broken guards are caught)
	MUTANTS=$(MUTANTS) $(BIN)/python -m tests.leaks

crash: setup ## imports killed at random moments end in the same records
	$(BIN)/python -m tests.crash

screenshots: setup ## pictures of the screens for README and docs
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/screenshots.py

lock: .stamps/venv ## pin the packages of requirements*.in and package.json anew
	$(BIN)/python tools/lock.py

clean: ## forget what setup made (the data under INSTANCE stays)
	rm -rf .venv .reference .stamps node_modules static/vendor

.stamps/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: apt-get install python3, or make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@mkdir -p .stamps && touch $@

.stamps/packages: requirements.txt requirements-dev.txt | .stamps/venv
	@echo "Installing packages …"
	@$(BIN)/python -m pip install -q --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

# Libraries that figures are compared with: large, and apart from what the product runs with.
.stamps/reference: requirements-reference.txt | .stamps/venv
	@test -x .reference/bin/python || $(PYTHON) -m venv .reference
	@.reference/bin/python -m pip install -q --require-hashes -r requirements-reference.txt
	@touch $@

.stamps/front: package-lock.json $(wildcard static/icons.txt) tools/front_end.py tools/front_end.txt | .stamps/packages
	@echo "Fetching the front end …"
	@$(BIN)/python tools/front_end.py
	@touch $@

.stamps/words: $(wildcard translations/*/LC_MESSAGES/messages.po) tools/translations.py | .stamps/packages
	@$(BIN)/python tools/translations.py compile
	@touch $@
