# Everything runs in .venv, made from constraints.txt; nothing else on the machine is touched.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
PYTHON ?= python3
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_PROFILES_DIR := $(CURDIR)
DEMO_STATEMENTS ?= 100000

# Superset pins other versions than dbt: it has an environment of its own.
SUPERSET_VENV := .venv-superset

SUPERSET_PYTHON := $(SUPERSET_VENV)/bin/python
SUPERSET := $(SUPERSET_PYTHON) $(SUPERSET_VENV)/bin/superset
PORT ?= 8088

.PHONY: help setup setup-superset demo dashboards test test-dashboards test-engines check faults fuzz \
    nightly bench-incremental bench-charts bench-ingest clean
.DEFAULT_GOAL := help

help: ## Say what the targets do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(VENV)/.installed profiles.yml relocate ## Make the environment in .venv

$(VENV)/.installed: pyproject.toml constraints.txt $(shell find src -name '*.py' -o -name '*.yml')
	@echo "== Installing the environment into $(VENV) (the first time takes a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if test -f $(VENV)/.packages && cmp -s constraints.txt $(VENV)/.packages; then \
	    $(PIP) --no-deps --no-build-isolation --force-reinstall . ; \
	else \
	    $(PIP) -c constraints.txt pip setuptools wheel; \
	    $(PIP) -c constraints.txt --no-build-isolation '.[dev]'; \
	    cp constraints.txt $(VENV)/.packages; \
	fi
	@rm -rf build
	@pwd > $(VENV)/.location
	@touch $@

# Scripts in an environment name its folder: after a move they are given the new name.
.PHONY: relocate
relocate: $(VENV)/.installed
	@old=$$(cat $(VENV)/.location); if test "$$old" != "$$(pwd)"; then \
	    grep -rlI "$$old" $(BIN) | xargs -r sed -i "s|$$old|$$(pwd)|g"; pwd > $(VENV)/.location; fi

setup-superset: $(SUPERSET_VENV)/.installed ## Make Superset's own environment in .venv-superset

$(SUPERSET_VENV)/.installed: superset/constraints.txt
	@echo "== Installing Superset into $(SUPERSET_VENV) (the first time takes some minutes)"
	@test -x $(SUPERSET_VENV)/bin/python || $(PYTHON) -m venv $(SUPERSET_VENV)
	@$(SUPERSET_VENV)/bin/python -m pip install -q --disable-pip-version-check --no-deps \
	    -r superset/constraints.txt
	@touch $@

profiles.yml:
	@cp profiles.yml.example profiles.yml

demo: setup ## Simulate four courses, build the marts, print a report
	@echo "== Creating the raw tables in the embedded database"
	@oars init
	@echo "== Simulating $(DEMO_STATEMENTS) statements of four courses"
	@oars simulate --statements $(DEMO_STATEMENTS) --courses 4 --load
	@echo "== Building and testing all models"
	@dbt build --quiet --exclude-resource-type unit_test
	@echo "== Report"
	@oars report

dashboards: export SUPERSET_CONFIG_PATH := $(CURDIR)/superset/local_config.py
dashboards: export OARS_CHDB_PATH := $(abspath $(or $(OARS_CHDB_PATH),.oars/chdb))
dashboards: export OARS_PUBLISHED_PATH = $(OARS_CHDB_PATH)_published/current
dashboards: export FLASK_APP := superset
dashboards: setup setup-superset ## Serve the dashboards of what `make demo` built, on this machine only
	@test -d $(OARS_CHDB_PATH) || { echo "There is nothing to show yet: run \`make demo\` first." >&2; exit 1; }
	@echo "== Publishing a snapshot of the marts; \`oars publish\` brings a newer one"
	@oars publish
	@echo "== Preparing Superset"
	@mkdir -p -m 700 .oars/superset
	@log=.oars/superset/prepare.log; \
	    $(SUPERSET) db upgrade > $$log 2>&1 && $(SUPERSET) init >> $$log 2>&1 \
	    || { tail -n 5 $$log >&2; echo "Superset cannot be prepared, see $$log." >&2; exit 1; }
	@echo "== Bringing in dashboards, roles and users"
	@log=.oars/superset/apply.log; $(SUPERSET_PYTHON) superset/apply.py --demo-users 2> $$log \
	    || { tail -n 5 $$log >&2; exit 1; }
	@echo "== Serving on http://127.0.0.1:$(PORT) until you press Ctrl-C"
	@$(SUPERSET_PYTHON) -m gunicorn --workers 1 --worker-class gthread --threads 8 --timeout 120 \
	    --bind 127.0.0.1:$(PORT) 'superset.app:create_app()' > .oars/superset/server.log 2>&1 \
	    || { tail -n 5 .oars/superset/server.log >&2; exit 1; }

check: setup ## Linters and gates, without an engine
	@echo "== ruff, mypy, yamllint, sqlfluff"
	@ruff check src tests benchmarks superset
	@ruff format --check src tests benchmarks superset
	@mypy
	@yamllint --strict .
	@sqlfluff lint --processes 2 --disable-progress-bar --nocolor models tests/assertions tests/generic
	@echo "== dbt-bouncer"
	@dbt parse --quiet --no-partial-parse --target-path target/check
	@dbt-bouncer run --config-file dbt-bouncer.yml

test: check ## Gates, dbt unit and data tests, pytest
	@echo "== dbt unit and data tests on simulated statements"
	@rm -rf target/test-db
	@export OARS_CHDB_PATH=target/test-db; \
	    oars init > /dev/null; \
	    oars simulate --statements 20000 --courses 3 --load > /dev/null; \
	    dbt build --quiet
	@echo "== pytest"
	@# In the order of the names, so that the longest file is not begun last.
	@python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

DASHBOARDS_TEST := target/test-dashboards
test-dashboards: setup setup-superset ## Superset in a real browser: every dashboard, its numbers, attacks
	@command -v chromedriver > /dev/null || { \
	    echo "The browser is missing: apt-get install chromium chromium-driver" >&2; exit 1; }
	@echo "== Building and publishing a demo"
	@rm -rf $(DASHBOARDS_TEST) && mkdir -p $(DASHBOARDS_TEST)
	@# Folders of its own, so that it can run beside `make test`.
	@export OARS_CHDB_PATH=$(DASHBOARDS_TEST)/chdb; \
	    export DBT_TARGET_PATH=$(DASHBOARDS_TEST)/target DBT_LOG_PATH=$(DASHBOARDS_TEST)/logs; \
	    oars init > /dev/null; \
	    oars simulate --statements 100000 --courses 4 --load > /dev/null; \
	    dbt build --quiet --exclude-resource-type unit_test --exclude-resource-type test \
	        --vars '{pii_enabled: true}'; \
	    oars publish
	@echo "== pytest, with Superset and Chromium; screenshots go to target/screenshots"
	@OARS_PUBLISHED_PATH=$(CURDIR)/$(DASHBOARDS_TEST)/chdb_published/current \
	    $(SUPERSET_PYTHON) -m pytest -q tests/superset

# Releases of the embedded engine that have the versions of ClickHouse that sites run. One that is
# too old is among them, to be refused.
ENGINES ?= 24.8 25.8 26.3
ENGINE_24.8 := chdb==3.2.0
ENGINE_25.8 := chdb==4.0.2
ENGINE_26.3 := chdb-core==26.3.0

.engines/%:
	@echo "== Installing the engine of ClickHouse $* into $@"
	@rm -rf $@.new && $(PIP) --no-deps --target $@.new $(ENGINE_$*) && mv $@.new $@

test-engines: setup $(ENGINES:%=.engines/%) ## Older versions of ClickHouse give the same marts
	@rm -rf target/engines && mkdir -p target/engines
	@for version in $(ENGINES); do ln -s $(CURDIR)/.engines/$$version target/engines/$$version; done
	@OARS_ENGINES=$(CURDIR)/target/engines python -m pytest -q -n 2 tests/python/test_engines.py

fuzz: setup setup-superset ## 250,000 mutated statements through the models; texts that could keep the guard busy
	@FUZZ_STATEMENTS=250000 python -m pytest -q tests/python/test_mutations.py
	@FUZZ_QUERIES=3000 $(SUPERSET_PYTHON) -m pytest -q tests/superset/test_guard.py \
	    tests/superset/test_limits.py -k 10000

nightly: setup ## What takes too long for each change: more worlds that arrive in disorder, and `make fuzz`
	@ARRIVAL_WORLDS=300 python -m pytest -q tests/python/test_arrival.py
	@$(MAKE) fuzz

faults: setup ## Plant a watermark, a missed bucket and a sum of floats: the tests must see each
	@ARRIVAL_FAULTS=1 ARRIVAL_WORLDS=60 python -m pytest -q -n 2 tests/python/test_arrival.py -k planted

bench-incremental: setup ## What a run costs on 1, 3 and 10 million statements (an hour)
	@python benchmarks/incremental.py

bench-charts: setup-superset ## What each chart costs on the snapshot of `oars publish`
	@OARS_PUBLISHED_PATH=$${OARS_PUBLISHED_PATH:-$(CURDIR)/.oars/chdb_published/current} \
	    $(SUPERSET_PYTHON) benchmarks/charts.py --as $(or $(READER),operator)

bench-ingest: setup ## What an insert into raw costs with and without the project
	@python benchmarks/ingest.py

clean: ## Remove what was built, the environment and the embedded database
	rm -rf target logs build .oars .engines $(VENV) $(SUPERSET_VENV) profiles.yml
