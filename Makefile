# Every target does its own set-up: a fresh Debian machine needs only python3 and make.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
LOCK := requirements/dev.txt

.PHONY: help venv lint check format test faults coverage demo docs screenshots catalogues lock clean

help:
	@echo 'make venv        the environment in .venv, from the hash-pinned lock'
	@echo 'make check       lint, types, layers and the fast tests'
	@echo 'make test        every test, on SQLite and PostgreSQL and in Chromium'
	@echo 'make faults      the tests that kill processes, at their full counts'
	@echo 'make coverage    every test, and the lines that none of them ran'
	@echo 'make demo        a whole contest on an embedded database'
	@echo 'make docs        the documentation as a site in build/docs'
	@echo 'make screenshots pictures of every state in build/screenshots, the best in docs/pictures'
	@echo 'make format      rewrite the code in the one layout'
	@echo 'make catalogues  compile the gettext catalogues'
	@echo 'make lock        renew the pinned versions; make clean removes what was made'

venv: $(STAMP)

# flock: two runs in one checkout take turns instead of making the same folder at once.
$(STAMP): $(LOCK) setup.cfg pyproject.toml .ci/venv
	@PYTHON=$(PYTHON) flock .ci sh .ci/venv
	@touch $@

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard quizengine tests examples)
	$(BIN)/lint-imports --no-logo

check: lint
	$(BIN)/pytest tests/core tests/formats -m 'not slow'

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint
	@sh .ci/services
	@sh .ci/tests

faults: venv
	@sh .ci/services
	QUIZ_FAULTS=full $(BIN)/pytest -m faults

coverage: venv
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

demo: venv
	$(BIN)/quizengine demo

docs: venv
	$(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning --keep-going -d build/doctrees docs build/docs

screenshots: venv
	@sh .ci/services
	$(BIN)/python -m tests.browser.screenshots --pictures

catalogues: venv
	$(BIN)/pybabel compile --directory quizengine/locale --domain problems
	$(BIN)/pybabel compile --directory quizengine/locale --domain pages

lock: venv
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --no-emit-index-url --upgrade --quiet --output-file $(LOCK)

clean:
	rm -rf .venv build dist quizengine.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis .coverage .coverage.* htmlcov
