# Everything a person types. `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 3
# bytecode is kept: a process that compiles every library again starts three times slower
export PYTHONDONTWRITEBYTECODE =
export OMP_NUM_THREADS ?= 2

.PHONY: help demo quick test tests ahead nightly check rules types format bench docs pictures changelog lock clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18

# --no-deps: the pins are whole, and an older pip would weigh a newer release of `coverage[toml]` against them and give up; `pip check` sees what is missing
.venv/runtime: requirements/runtime.txt pyproject.toml
	@PYTHON=$(PYTHON) .ci/system-packages python
	@PYTHON=$(PYTHON) .ci/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip check --quiet --disable-pip-version-check
	@touch $@

demo: .venv/runtime  ## two years of a real shop: build, release, serve, watch, retrain (DEMO_ARGS="--once --days 60")
	$(BIN)/tidemill demo $(DEMO_ARGS)

# a module's tests tell one story, and stay on one worker; the workers are more than the cores already: threads that wait for each other would only burn them
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

# left of `release` in the order of imports, and nothing that is killed, kept by PostgreSQL or fitted to the whole shop: no server, browser or demo starts
QUICK := $(addprefix tests/,access config data engine features feedback learning monitor scope store tasks test_files.py test_house.py test_types.py)

quick: check ahead  ## every check, and the tests that start no server, browser or demo: under 90 seconds
	$(PYTEST) -q -m "not nightly and not postgres" -k "not kill and not processes and not shop_quality" $(QUICK) $(TEST_ARGS)

test: rules  ## set everything up, then every check and every test but those of the night
	@.ci/system-packages tests
	@$(MAKE) --no-print-directory -j2 types tests

# a pool of threads in each of so many processes would only wait for the cores; by night polars has its own
tests: ahead
	POLARS_MAX_THREADS=1 $(PYTEST) $(TEST_ARGS)

# seconds on one core, that each worker would spend otherwise
ahead: .venv/dev
	$(BIN)/python -m tests.ahead

# a quarter of a gigabyte that no test of the day needs
.venv/ray: requirements/ray.txt .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/ray.txt
	@touch $@

nightly: .venv/ray ahead  ## the whole year of the shop, long statistics, many kills
	@.ci/system-packages tests
	$(PYTEST) -m nightly $(TEST_ARGS)

check: rules types  ## format, lint, types, import contracts

rules: .venv/dev
	$(BIN)/ruff format --check tidemill tests bench
	$(BIN)/ruff check tidemill tests bench
	$(BIN)/lint-imports

# a minute on one core: beside the tests, of which the first minute has room for it
types: .venv/dev
	$(BIN)/mypy

format: .venv/dev  ## put the code in its format
	$(BIN)/ruff format tidemill tests bench
	$(BIN)/ruff check --fix tidemill tests bench

bench: .venv/dev  ## every figure, beside a physical floor or a peer, in one run
	$(BIN)/python -m bench $(BENCH_ARGS)

docs: .venv/dev  ## check that every example in the documentation runs
	$(BIN)/python -m pytest tests/docs

pictures: .venv/dev  ## take the pictures of the documentation anew, by the tests that look at the page
	@.ci/system-packages tests
	TIDEMILL_SCREENSHOTS=1 $(BIN)/python -m pytest -m "" tests/browser/test_page.py

changelog: .venv/dev  ## what changed since the last release, assembled from changelog.d (VERSION=0.2.0 writes it; without, it is shown)
	$(BIN)/towncrier build $(if $(VERSION),--yes --version $(VERSION),--draft --version next)

lock:  ## pin every distribution again, with hashes and without addresses
	@PYTHON=$(PYTHON) .ci/venv
	$(BIN)/python -m pip install --quiet uv
	for name in runtime serving dev ray; do \
	  case $$name in runtime) in="pyproject.toml requirements/build.in";; serving) in="requirements/serving.in -c requirements/runtime.txt";; dev) in="pyproject.toml requirements/build.in --group dev -c requirements/runtime.txt";; ray) in="requirements/ray.in -c requirements/dev.txt";; esac; \
	  $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $$in -o requirements/$$name.txt; \
	done

clean:  ## remove what was made: the virtual environment, caches and the demo's shop
	rm -rf .venv shop build dist .mypy_cache .ruff_cache .pytest_cache
