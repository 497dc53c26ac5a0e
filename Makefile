# `make serve` runs the service, `make test` proves it; both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= serve_config.yaml

.PHONY: serve test test-weaviate soak lint bench bench-graph loadtest relevance backup restore

serve: .venv/installed
	@exec $(BIN)/python -m deployments $(CONFIG)

test: .venv/installed
	$(BIN)/python -m pytest

test-weaviate: .venv/installed
	MEM0G_TEST_WEAVIATE_REQUIRED=1 $(BIN)/python -m pytest -m weaviate

# Random timelines against the oracle, and random kills of a service that is written to: more than
# `make test` runs, and others each time.
soak: .venv/installed
	MEM0G_TEST_SOAK=1 $(BIN)/python -m pytest -s tests/temporal tests/kill

bench: .venv/installed
	$(BIN)/python -m loadtest.bench --config $(CONFIG)

# Reads of a graph of 50,000 edges, on a valkey of its own.
bench-graph: .venv/installed
	$(BIN)/python -m loadtest.graph_bench

# Against a service that runs already.
HOST ?= http://127.0.0.1:8000
loadtest: .venv/installed
	$(BIN)/python -m loadtest --host $(HOST) --users 16 --seconds 30 --report loadtest/report.html

# Everything into a file, and back, of a service that runs; the key is in MEM0G_AUTH__ADMIN_KEY.
backup: .venv/installed
	@$(BIN)/python -m deployments.backup save $(FILE) --url $(HOST)

restore: .venv/installed
	@$(BIN)/python -m deployments.backup load $(FILE) --url $(HOST)

# Recall and calibration on a folder of LoCoMo conversations.
relevance: .venv/installed
	$(BIN)/python -m loadtest.relevance $(LOCOMO)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Only the dependencies: the packages themselves run from the checkout, never from site-packages.
.venv/installed: constraints.txt pyproject.toml
	@echo "installing pinned dependencies into .venv (some minutes, the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit("Python 3.11 or later is needed" if sys.version_info < (3, 11) else 0)'
	@$(BIN)/python -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; print(*p["dependencies"], *p["optional-dependencies"]["dev"], sep="\n")' > .venv/requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r .venv/requirements.txt
	@touch $@
