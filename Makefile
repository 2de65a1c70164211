# What a person types. Everything is installed below .tools and .venv; nothing here needs root.
PYTHON ?= python3
UV_VERSION := 0.13.8

UV := .tools/bin/uv
BIN := .venv/bin
TO_RUN := .venv/.ready-to-run
TO_DEVELOP := .venv/.ready-to-develop
# One test process per core, at most four: each runs servers of its own.
TEST_PROCESSES ?= auto

# A deployment as the deploy check wants to see it; no secret of anybody.
DEPLOYMENT := DEMO=0 DEBUG=0 PUBLIC_URL=https://pay.example.com ALLOWED_HOSTS=pay.example.com \
	SECRET_KEY=a-key-of-no-deployment-fifty-characters-or-longer-0123456789 PIN_PEPPER=pepper \
	DEVICE_MASTER_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 \
	DATABASE_URL=postgres://saoma:none@127.0.0.1:9/saoma REDIS_URL=redis://127.0.0.1:9/0 MQTT_URL=mqtt://127.0.0.1:9

.PHONY: help demo demo-reset test check bench
.DEFAULT_GOAL := help

help:
	@echo "make demo        everything, from nothing; Ctrl-C stops it"
	@echo "make demo-reset  forget the demo's data"
	@echo "make test        all tests"
	@echo "make check       lint, types, imports, migrations, deploy check"
	@echo "make bench       what docs/performance.md claims"

demo: $(TO_RUN)
	@exec $(BIN)/python -m embedded.demo

demo-reset:
	@$(PYTHON) -m embedded.reset

test: $(TO_DEVELOP)
	@exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --maxprocesses 4 --dist worksteal $(ARGS)

check: $(TO_DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(DEPLOYMENT) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(DEPLOYMENT) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@! grep -noE '(https?|file)://[^"]*' uv.lock | grep -vE '://(pypi\.org/simple|files\.pythonhosted\.org/)' \
		|| { echo "uv.lock names a private address: make it again with the public index alone."; exit 1; }

bench: $(TO_DEVELOP)
	@exec $(BIN)/python -m benchmarks $(ARGS)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Saoma needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Installing uv $(UV_VERSION) in .tools"
	@rm -rf .tools
	@$(PYTHON) -m venv .tools >/dev/null 2>&1 || { rm -rf .tools; \
		echo "Python's venv module is missing. Install it (Debian, Ubuntu: apt install python3-venv) and try again."; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
		|| { rm -rf .tools; echo "uv could not be installed: is a Python package index within reach?"; exit 1; }

# The lock's addresses first; where they cannot be reached, the same files, by their hashes, from pip's own index.
define install
	@echo "Installing the locked packages in .venv"
	@$(UV) sync --frozen --quiet --python $(PYTHON) --no-python-downloads $(1) || { \
		echo "The locked addresses cannot be reached: asking pip for the same files"; \
		test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv; \
		$(UV) export --frozen --quiet $(2) --output-file .tools/requirements.txt && \
		.tools/bin/python -m pip --python $(BIN)/python install --quiet --require-hashes -r .tools/requirements.txt; }
	@touch $@
endef

$(TO_RUN): uv.lock | $(UV)
	$(call install,--inexact --no-group dev,--no-group dev)

$(TO_DEVELOP): uv.lock | $(UV)
	$(call install,,)
	@touch $(TO_RUN)
