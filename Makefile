# Everything runs in .venv, made from constraints.txt; nothing else on the machine is touched.
# constraints.txt, superset/constraints.txt and tests/*.txt are locks, which `make lock` writes: every
# package with one version and the hash of each of its files, whatever the machine.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip install -q --disable-pip-version-check
LOCKED := $(PIP) --require-hashes --no-deps --no-build-isolation
PYTHON ?= python3
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_PROFILES_DIR := $(CURDIR)
DEMO_STATEMENTS ?= 100000

# Superset pins other versions than dbt: it has an environment of its own.
SUPERSET_VENV := .venv-superset

SUPERSET_PYTHON := $(SUPERSET_VENV)/bin/python
SUPERSET := $(SUPERSET_PYTHON) $(SUPERSET_VENV)/bin/superset
PORT ?= 8088

.PHONY: help setup setup-superset demo dashboards test test-dashboards test-engines test-tutor check \
    faults fuzz nightly bench-incremental bench-charts bench-ingest bench-watch soak lock outdated audit \
    licences clean
.DEFAULT_GOAL := help

help: ## Say what the targets do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(VENV)/.installed profiles.yml relocate ## Make the environment in .venv

# An environment has what its lock says and nothing else: with a new lock it is made anew. pip comes
# first, so that no older one unpacks the rest. $(1): its folder, $(2): its lock.
define environment
if ! cmp -s $(2) $(1)/.packages; then \
    $(PYTHON) -m venv --clear $(1); \
    sed -nE '/^(pip|setuptools)==/,/[^\]$$/p' $(2) > $(1)/.installer.txt; \
    $(1)/bin/python $(LOCKED) -r $(1)/.installer.txt; \
    $(1)/bin/python $(LOCKED) -r $(2); \
    cp $(2) $(1)/.packages; \
fi
endef

$(VENV)/.installed: pyproject.toml constraints.txt $(shell find src -name '*.py' -o -name '*.yml')
	@echo "== Installing the environment into $(VENV) (the first time takes a minute or two)"
	@$(call environment,$(VENV),constraints.txt)
	@$(BIN)/python $(PIP) --no-deps --no-build-isolation --force-reinstall .
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
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || { \
	    echo "Superset wants Python 3.11 or 3.12: make setup-superset PYTHON=python3.12" >&2; exit 1; }
	@$(call environment,$(SUPERSET_VENV),superset/constraints.txt)
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
	@ruff check src tests benchmarks superset examples deploy
	@ruff format --check src tests benchmarks superset examples deploy
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

.engines/%: tests/engines/%.txt
	@echo "== Installing the engine of ClickHouse $* into $@"
	@rm -rf $@ $@.new && $(BIN)/python $(LOCKED) --target $@.new -r $< && mv $@.new $@ && touch $@

test-engines: setup $(ENGINES:%=.engines/%) ## Older versions of ClickHouse give the same marts
	@rm -rf target/engines && mkdir -p target/engines
	@for version in $(ENGINES); do ln -s $(CURDIR)/.engines/$$version target/engines/$$version; done
	@OARS_ENGINES=$(CURDIR)/target/engines python -m pytest -q -n 2 tests/python/test_engines.py

# Tutor and Aspects have an environment of their own, with the plugin of deploy/tutor.
TUTOR := target/tutor
test-tutor: setup ## The plugin of Tutor, rendered and run with the real Tutor and with Aspects
	@echo "== Installing Tutor and Aspects into $(TUTOR)"
	@mkdir -p target
	@$(call environment,$(TUTOR),tests/tutor.txt)
	@$(TUTOR)/bin/python $(PIP) --no-deps --no-build-isolation --force-reinstall ./deploy/tutor
	@rm -rf deploy/tutor/build deploy/tutor/*.egg-info
	@OARS_TUTOR=$(CURDIR)/$(TUTOR)/bin python -m pytest -q tests/python/test_tutor.py

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

bench-watch: setup ## How long statements take to the marts, 30 minutes on a million; MINUTES=3 for a try
	@python benchmarks/watch.py --minutes $(or $(MINUTES),30)

soak: setup ## An hour of traffic and `oars watch` with kills, a full disk and the like; MINUTES=5 for a try
	@python benchmarks/soak.py --minutes $(or $(MINUTES),60)

# One resolution for all machines: Linux and macOS, each Python from the oldest on. What is locked
# stays, but for what UPGRADE names.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-header --annotation-style line \
    $(if $(filter all,$(UPGRADE)),--upgrade,$(UPGRADE:%=--upgrade-package %))
lock: setup ## Lock all packages with their hashes; UPGRADE='name ...' or UPGRADE=all brings them up to date
	@$(LOCK) pyproject.toml --extra dev -o constraints.txt
	@$(LOCK) superset/requirements.txt --overrides superset/overrides.txt -o superset/constraints.txt
	@echo pip-audit | $(LOCK) - -o tests/audit.txt
	@printf '%s\n' 'pip>=26.2' 'setuptools>=78.1.1' kubernetes-validate tutor 'tutor-contrib-aspects>=6' \
	    | $(LOCK) - -o tests/tutor.txt
	@git --no-pager diff --stat -- constraints.txt superset/constraints.txt tests/audit.txt tests/tutor.txt
	@echo "Next: make licences, then the tests that CONTRIBUTING.md names."

outdated: setup setup-superset ## What has a newer release, in both environments
	@for python in $(BIN)/python $(SUPERSET_PYTHON); do \
	    echo "== $$python"; uv pip list --quiet --outdated --exclude oars-dbt --python $$python; done
	@echo "To bring one up to date: make lock UPGRADE=<name>. It stays where a package that needs it says so."

AUDIT := target/audit
audit: setup ## What has a known vulnerability; AUDIT_OPTIONS='--vulnerability-service osv' asks another database
	@mkdir -p target
	@$(call environment,$(AUDIT),tests/audit.txt)
	@bad=0; for lock in constraints.txt superset/constraints.txt; do \
	    $(AUDIT)/bin/pip-audit --strict --progress-spinner off --require-hashes --disable-pip -r $$lock \
	        $(AUDIT_OPTIONS) 2> target/audit.log || bad=1; sed "s|^|$$lock: |" target/audit.log; \
	    grep -qE '^(No known|Found)' target/audit.log || { \
	        echo "No database of vulnerabilities can be reached: nothing was looked at." >&2; exit 1; }; \
	done; exit $$bad

licences: setup setup-superset ## Write docs/licences.md from what the two environments have
	@python tests/python/licences.py

clean: ## Remove what was built, the environment and the embedded database
	rm -rf target logs build .oars .engines $(VENV) $(SUPERSET_VENV) profiles.yml
