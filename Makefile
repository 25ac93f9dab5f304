# Everything a person, a hook or continuous integration runs. `make help` lists it.

PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
SHARED ?= ../shared
BIN := $(VENV)/bin
# OpenMP threads that spin while a neighbour is busy made faiss 80 times slower.
export OMP_WAIT_POLICY = passive
# Installing must not ask the network for a newer pip, and nothing here asks a model hub.
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export HF_HUB_OFFLINE = 1

.DEFAULT_GOAL := help
.PHONY: help serve test test-slow browser docs lint format types bench fuzz model clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

serve: $(VENV)/.installed ## set everything up, read the sample corpus into the library and serve it
	$(BIN)/perfsearch add corpus
	$(BIN)/perfsearch serve --host $(HOST) --port $(PORT)

test: $(VENV)/.installed-dev browser ## set everything up and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(VENV)/.installed-dev ## the long tests too
	$(BIN)/python -m pytest

# The tests of the pages drive a real browser; where none can be installed they skip, saying so.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	    && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; } \
	  || echo "no chromium here: the tests of the pages will skip"

docs: $(VENV)/.installed-dev ## write again what is generated: the READMEs' examples, the settings, the OpenAPI
	$(BIN)/python -m tests.documentation.examples

lint: $(VENV)/.installed-dev ## style, types and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv-bench/.installed ## measure side by side with peers (benchmarks/RESULTS.md)
	.venv-bench/bin/python -m benchmarks

SECONDS ?= 600
READERS ?=
fuzz: .venv-fuzz/.installed ## look for files that break a reader: SECONDS=600 READERS="pdf zip"; exit code 1 where one is found
	.venv-fuzz/bin/python -m fuzzing $(SECONDS) $(READERS)

model: $(VENV)/.installed-train ## train the built-in encoder again from ../shared (see training/README.md)
	$(BIN)/python -m training all --shared $(SHARED)

clean: ## remove what was set up; the library in index/ stays
	rm -rf $(VENV) .venv-bench .venv-fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("perfsearch needs Python 3.11 or newer; say which: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no venv module: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.installed-train: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet -c constraints.txt -e '.[train]'
	@touch $@

# An environment of its own: the peers ask for older versions of what perfsearch is tested with.
.venv-bench/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet torch==2.13.0
	.venv-bench/bin/pip install --quiet -e '.[bench]'
	@touch $@

# Atheris beside the packages of the tests: it comes for few versions of Python, so it is none of them.
.venv-fuzz/.installed: $(VENV)/.installed-dev
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/pip install --quiet 'atheris>=2.3'
	$(BIN)/python -c 'import site; print(*site.getsitepackages(), sep="\n")' \
	  > "$$(.venv-fuzz/bin/python -c 'import site; print(site.getsitepackages()[0])')/perfsearch-tests.pth"
	@touch $@
