# Each target makes .venv when it is missing, installs what it needs, and runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP = $(BIN)/.installed
OLDEST := .venv-oldest
BARE := .venv-bare
DEMO := .venv-demo

.PHONY: help demo test test-fast test-oldest test-bare lint format coverage breaks bench docs wheel-test clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/ -/'

demo: $(DEMO)/.installed  ## skmlp beside scikit-learn: four tasks, a report and a picture
	@echo "Running examples/quickstart.py; it prints as it goes (half a minute on an idle machine)"
	@$(DEMO)/bin/python examples/quickstart.py
	@echo "The picture is examples/quickstart.png"

test: $(SETUP)   ## the whole test suite, or what TESTS names of it
	$(BIN)/python -m pytest -q -n auto $(TESTS)

test-fast: $(SETUP)  ## the test suite without its slow part
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test-oldest: $(OLDEST)/.installed  ## the whole test suite with the oldest versions supported (Python 3.11 or 3.12)
	$(OLDEST)/bin/python -m pytest -q -n auto

test-bare: $(BARE)/.installed  ## the test suite without any optional package; it skips what needs one
	$(BARE)/bin/python -m pytest -q -n auto

lint: $(SETUP)   ## style, formatting and types, and whether the seeded breaks still fit the code
	sh tools/check-ruff-version
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/seeded_breaks.py --check

format: $(SETUP) ## mend style and formatting
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(SETUP)  ## the test suite with line and branch coverage, which must not fall below the floor in pyproject.toml
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term

breaks: $(SETUP)  ## seeded breaks: does the suite see them? (half an hour; breaks.csv has what was tried)
	$(BIN)/python tools/seeded_breaks.py --out breaks.csv --together --workers 2

bench: $(SETUP)  ## ratios of time against scikit-learn
	$(BIN)/python -m benchmarks.run

docs: $(SETUP)   ## the site, docs/_build/html/index.html; once installed it needs no network
	$(BIN)/python -c "import sphinx_gallery, numpydoc, myst_nb, pydata_sphinx_theme, sphinx_copybutton, sphinx_design" 2>/dev/null || \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo docs/_build/html/index.html

wheel-test:      ## build the wheel and test what is installed of it, from outside the tree
	PYTHON=$(PYTHON) sh tools/test-wheel

clean:           ## remove everything that the targets made
	rm -rf $(VENV) $(OLDEST) $(BARE) $(DEMO) build dist docs/_build docs/api docs/gallery *.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(SETUP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,bench,lint]"
	@touch $@

$(OLDEST)/.installed: pyproject.toml tests/oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[test]" --constraint tests/oldest.txt
	@touch $@

$(BARE)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BARE)
	$(BARE)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[test-bare]"
	@touch $@

$(DEMO)/.installed: pyproject.toml
	@echo "Making $(DEMO) for the demo"
	@$(PYTHON) -m venv $(DEMO)
	@echo "Installing skmlp, what it needs, and matplotlib (downloads about 100 MB)"
	@$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[plot]"
	@touch $@
