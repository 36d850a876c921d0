# Everything happens in .venv: no activation, nothing outside this directory. `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SCHEMATHESIS := .cache/sdk/schemathesis/.installed
SECONDS ?= 60
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Without compiled modules every process that a test starts takes two or three times as long to begin.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo demo-page serve test test-alone coverage test-clients check format bench bench-peers soak fuzz build

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(SCHEMATHESIS): | $(INSTALLED)
	$(BIN)/python -m tests.fuzz.install schemathesis

install: $(INSTALLED)  ## the virtual environment, with everything for development

demo: $(INSTALLED)  ## three patterns on both APIs with the real SDK, against bundled scenarios
	$(BIN)/python -m tests.demo

demo-page: $(INSTALLED)  ## the same, and a server with the page that shows what it did, until you stop it
	$(BIN)/python -m tests.demo --serve

serve: $(INSTALLED)  ## the standalone server with the bundled scenarios
	$(BIN)/assistants-emulator serve fixtures/scenarios

test: $(INSTALLED)  ## all tests that need Python alone, and the ten that took longest
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m 'not clients' --durations=10

test-alone: $(INSTALLED)  ## every test file in a process of its own; some: make test-alone FILES=tests/plugin
	$(BIN)/python -m tests.alone $(FILES)

coverage: $(INSTALLED)  ## the same, with branch coverage of the code and of the tests themselves
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto --dist worksteal -m 'not clients'
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

test-clients: $(INSTALLED) $(SCHEMATHESIS)  ## tests with Node, other SDKs and Pythons, and frameworks, which it installs
	-$(BIN)/python -m tests.fuzz.install atheris
	$(BIN)/python -m tests.sdk.install
	$(BIN)/python -m pytest -q -rs -m clients

fuzz: $(INSTALLED)  ## fuzzing: parsers with coverage guidance, raw requests, an oracle, schemathesis; SECONDS=60 each, TARGETS="forms raw"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(TARGETS)

check: $(INSTALLED)  ## format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)  ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED)  ## speed, as ratios within one run; some rows: make bench ONLY='list of'
	$(BIN)/python -m tests.bench $(if $(ONLY),--only '$(ONLY)')

bench-peers: $(INSTALLED)  ## the same beside other emulators, which it installs
	$(BIN)/python -m tests.bench.peers $(if $(ONLY),--only '$(ONLY)')

soak: $(INSTALLED)  ## ten minutes of load and faults on both APIs; then memory, loop, sockets, tasks, files, books and news
	$(BIN)/python -m tests.soak --minutes 10

build: $(INSTALLED)  ## wheel and source distribution, in dist/
	$(BIN)/python -m build --no-isolation
