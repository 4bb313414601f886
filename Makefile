# What contributors, CI and a new user call. Needs Python 3.11 or newer and make; the rest is set up here.
PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install instance demo demo-scale dev test test-scale test-oldest test-newest lint format types docs lock package vendor-check bench bench-scale fuzz clean-demo

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed-dev ## Set up the virtual environment with the locked versions, for tests too

# What the package needs to run, and nothing else: the demo starts sooner.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(call install_locked,requirements.lock)
	@test -e $(VENV)/.installed-dev || $(check_versions)
	@touch $@

# The versions of what both locks hold are the same.
$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(call install_locked,requirements-dev.lock)
	@$(check_versions)
	@touch $@

define install_locked
$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1)
$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef
check_versions = $(BIN)/python -m pip check --quiet --disable-pip-version-check

demo: $(VENV)/.installed ## A local Pipefy, six partitions through Dagster into DuckDB, SQL answers
	@$(BIN)/pipefy-exports demo

# On servers from wheels, which only the tests' lock has. KEEP=1: until Ctrl-C, to look at it in the UI.
demo-scale: install ## The demo on two workers, Postgres, an object store and DuckLake
	@PYTHONPATH=$(CURDIR)/scripts $(BIN)/python -m machines.demo $(if $(KEEP),--keep)

dev: $(VENV)/.installed ## The Dagster UI: on the account of .env, or else on the sandbox
	@$(BIN)/pipefy-exports dev

instance: $(VENV)/.installed ## Prepare the Dagster instance, for a service or a shell, and print DAGSTER_HOME
	@$(BIN)/pipefy-exports instance

# One more than there are processors: tests wait for servers and processes a third of their time. Hundreds of processes
# import the package, so it is compiled once.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

test: install ## All tests; with temporary files in memory where there is room
	@unset PYTHONDONTWRITEBYTECODE; \
	TMPDIR="$${TMPDIR:-$$($(CURDIR)/scripts/memory_folder)}" $(BIN)/pytest -n $(WORKERS) --dist worksteal

# Each world of two machines is a dozen processes: one after the other.
test-scale: install ## The tests of several machines: minutes of their own
	@unset PYTHONDONTWRITEBYTECODE; \
	TMPDIR="$${TMPDIR:-$$($(CURDIR)/scripts/memory_folder)}" $(BIN)/pytest tests/scale

# What pyproject.toml allows, at both ends; the lock is somewhere between. Each makes an environment of its own.
# A part of the tests: make test-oldest TESTS=tests/tables
test-oldest: install ## All tests, with the oldest versions that pyproject.toml allows
	$(BIN)/python scripts/test_corner.py lowest-direct $(TESTS)

test-newest: install ## All tests, with the newest versions that pyproject.toml allows
	$(BIN)/python scripts/test_corner.py highest $(TESTS)

package: install ## Build wheel and sdist into dist/
	rm -rf $(CURDIR)/dist
	$(BIN)/python -m hatchling build -d $(CURDIR)/dist

lint: install ## Format and lint, without changing files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo --no-cache >$(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

format: install ## Format, and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: install ## Type check
	$(BIN)/mypy

docs: install ## Generate docs/reference.md, the tables of docs/reliability.md and .env.example
	for page in reference reliability performance env_example; do PYTHONPATH=scripts:tests $(BIN)/python -m pages.$$page || exit 1; done

vendor-check: install ## Point the vendor's own command line at the sandbox
	$(BIN)/python scripts/vendor_check.py

bench: install ## Measure reading and loading; prints ratios
	$(BIN)/python -m benchmarks

bench-scale: install ## Measure how costs grow: a database of 5 GB, a lake, 500 reports, 100,000 loads, 50,000 files; prints ratios
	PYTHONPATH=$(CURDIR)/scripts $(BIN)/python -m benchmarks.scale

fuzz: install ## New inputs for one fuzz target until one breaks a promise: make fuzz TARGET=sniffing MINUTES=10
	PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m fuzz $(TARGET) --minutes $(or $(MINUTES),10)

# The locks have no index address, so that they install from wherever pip is set up to look. Their DuckDB is the newest
# whose DuckLake extension exists as a wheel, and whose files open in every 1.4 and 1.5 client.
LOCK = $(CURDIR)/.venv-lock/bin/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --prerelease=disallow --quiet
lock: ## Update the locks from pyproject.toml: what running needs, what tests need beside it, what the containers have
	$(PYTHON) -m venv $(CURDIR)/.venv-lock
	$(CURDIR)/.venv-lock/bin/python -m pip install --quiet uv
	echo 'duckdb==1.5.5' | $(LOCK) --constraint - --extra dev --extra scale --group scale-tests -o requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock --extra ui -o requirements.lock
	echo dagster-postgres | $(LOCK) - --constraint requirements.lock --extra ui -o deploy/requirements.lock
	echo dagster-k8s | $(LOCK) - --constraint requirements-dev.lock --extra ui --extra scale -o deploy/requirements-scale.lock

clean-demo: ## Remove the demo's data
	rm -rf $(CURDIR)/data/sandbox
