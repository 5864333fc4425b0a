.DEFAULT_GOAL := help
PY   ?= python3
VENV := .venv
BIN  := $(VENV)/bin
RUN  := $(VENV)/.run-installed
DEV  := $(VENV)/.dev-installed

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Debian and Ubuntu ship python3 without venv: then virtualenv, fetched beside the project, makes the environment.
$(BIN)/uv: requirements.uv.lock
	@test -x $(BIN)/pip || $(PY) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV) && \
	  $(PY) -m pip install -q --disable-pip-version-check --target $(VENV)-tool virtualenv && \
	  PYTHONPATH=$(VENV)-tool $(PY) -m virtualenv -q $(VENV) && rm -rf $(VENV)-tool; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.uv.lock
	@touch $@

# Where uv cannot reach the packages (it does not read pip's configuration), pip does the same, more slowly.
define install
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes $(1) requirements.uv.lock 2>/dev/null || \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1)
	@touch $@
endef

$(RUN): requirements.lock | $(BIN)/uv
	$(call install,requirements.lock)

$(DEV): requirements.dev.lock | $(BIN)/uv
	$(call install,requirements.dev.lock)
	@touch $(RUN)

setup: $(BIN)/uv ## install what running needs
	@test -e $(DEV) -a ! requirements.dev.lock -nt $(DEV) || $(MAKE) -s $(RUN)

setup-dev: $(BIN)/uv $(DEV) ## install what testing needs

run: setup ## start web and worker with invented data; HOST, PORT, DATABASE_URL, INSTANCE, DEMO=0 ... are respected
	@exec $(BIN)/python -m dostyk.serve

check: setup-dev ## style, types, floors, templates, rules of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python tools/vendor.py check

test: check ## everything, on SQLite and PostgreSQL, and in a browser where there is one
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --maxfail 20

bench: setup-dev ## measure; SIZES=1000,100000 DATABASES=sqlite,postgresql
	$(BIN)/python -m benchmarks $(if $(SIZES),--sizes $(SIZES)) $(if $(DATABASES),--databases $(DATABASES))

migration: setup-dev ## make a revision from the models: m="what changes"
	$(BIN)/flask --app wsgi db migrate -m "$(m)"

translations: setup-dev ## collect all messages into the catalogues
	$(BIN)/python tools/translations.py

lock: $(BIN)/uv ## resolve the dependencies anew
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -c requirements.lock -o requirements.dev.lock

format: setup-dev ## put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove what was made, but not instance/
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis
	find static -name '*.gz' -o -name '*.br' | xargs rm -f
	find dostyk -name '*.mo' | xargs rm -f

.PHONY: help setup setup-dev run check test bench migration translations lock format clean
