.DEFAULT_GOAL := help
PY   ?= python3
VENV := .venv
BIN  := $(VENV)/bin
UV   := $(VENV)/.uv-installed
RUN  := $(VENV)/.run-installed
DEV  := $(VENV)/.dev-installed
PIP  := $(PY) -m pip -qq --disable-pip-version-check --python $(BIN)/python install --root-user-action ignore --require-hashes

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Debian and Ubuntu ship python3 without the part of venv that installs pip: the pip of the system fills the environment.
# Where uv is not to be had, pip does its work, more slowly.
$(UV): requirements.uv.lock
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: install it and say make PY=python3.11 ..." >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { echo "pip is needed: apt-get install python3-pip" >&2; exit 1; }
	@test -x $(BIN)/python || $(PY) -m venv --without-pip $(VENV)
	@$(PIP) -r requirements.uv.lock || echo "uv cannot be installed here; pip does its work."
	@touch $@

# uv does not read pip's configuration: where it does not find the packages, pip may.
define install
	@$(BIN)/uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes $(1) requirements.uv.lock 2>$(VENV)/uv.log || $(PIP) -r $(1)
	@touch $@
endef

$(RUN): requirements.lock | $(UV)
	$(call install,requirements.lock)

$(DEV): requirements.dev.lock | $(UV)
	$(call install,requirements.dev.lock)
	@touch $(RUN)

# What testing needs holds what running needs, and is left alone while it is new enough.
setup: $(UV) ## install what running needs
	@test -e $(DEV) -a ! requirements.dev.lock -nt $(DEV) || $(MAKE) -s $(RUN)

setup-dev: $(UV) $(DEV) ## install what testing needs

run: setup ## start web and worker; HOST, PORT, DATABASE_URL, QUEUE_URL, INSTANCE, DEMO=0, DEMO_PASSWORD are respected
	@exec $(BIN)/python -m dostyk.serve

demo: setup ## the same with invented data in a folder that is gone afterwards
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT INT TERM && INSTANCE="$$folder" DATABASE_URL= QUEUE_URL= DEMO=1 $(BIN)/python -m dostyk.serve

check: setup-dev ## quick: style, types, floors, templates, rules of the house
	$(BIN)/python -m pytest -q -n 2 tests/test_style.py tests/test_house.py

test: setup-dev ## everything, on SQLite and PostgreSQL, and in a browser where there is one
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 8 --dist loadgroup $(ARGS)

bench: setup-dev ## measure; SIZES=1000,100000 DATABASES=sqlite,postgresql; PEOPLE=1000000 searches among so many, LARGE=1 adds ten thousand nominees and people who wait
	$(BIN)/python -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(if $(DATABASES),--databases $(DATABASES))
	$(BIN)/python -m benchmarks.imports $(if $(DATABASES),--databases $(DATABASES))
	$(BIN)/python -m benchmarks.vouchers
	$(if $(LARGE),$(BIN)/python -m benchmarks.nominees && $(BIN)/python -m benchmarks.waiting)
	$(if $(PEOPLE),$(BIN)/python -m benchmarks.people --size $(PEOPLE) $(if $(DATABASES),--databases $(DATABASES)))

migration: setup-dev ## make a revision from the models: m="what changes"
	$(BIN)/flask --app wsgi db migrate -m "$(m)"

translations: setup-dev ## collect all messages into the catalogues
	$(BIN)/python tools/translations.py

vendor: setup-dev ## fetch the files of other projects anew (needs npm)
	$(BIN)/python tools/vendor.py update

COMPILE := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
lock: $(UV) ## resolve the dependencies anew
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements.dev.lock
	echo uv | $(COMPILE) - -o requirements.uv.lock

format: setup-dev ## put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove what was made, but not instance/
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .pytest_cache
	find static -name '*.gz' -o -name '*.br' | xargs rm -f
	find dostyk -name '*.mo' | xargs rm -f

.PHONY: help setup setup-dev run demo check test bench migration translations vendor lock format clean
