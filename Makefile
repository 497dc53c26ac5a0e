# `make serve` runs the service, `make test` proves it, `make test-fast` is for the minute-by-minute
# loop; all install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
CONFIG ?= serve_config.yaml

.PHONY: serve test test-fast test-weaviate soak lint bench bench-graph loadtest relevance backup restore

serve: .venv/installed
	@exec $(BIN)/python -m deployments $(CONFIG)

test: .venv/installed
	$(BIN)/python -m pytest

# What test-fast leaves out: a real Ray, servers that are killed or paused, random requests and
# timelines, the published clients, and modules that take many seconds each.
SLOW := tests/serve tests/kill tests/outages tests/fuzz tests/temporal tests/loadtest tests/mem0 \
	tests/isolation tests/examples tests/access/test_rate_limits.py tests/contract/test_conditions.py \
	tests/deployments/test_embedder.py tests/deployments/test_main.py \
	tests/deployments/test_supervisor.py tests/deployments/models tests/deployments/api/feed \
	tests/deployments/api/mem0 tests/deployments/api/schemas tests/deployments/api/transfer \
	tests/deployments/api/test_cursors.py tests/deployments/api/middleware/test_admission.py \
	tests/deployments/api/middleware/test_dialect.py tests/deployments/api/routes/test_keys.py \
	tests/deployments/api/routes/test_admin.py tests/deployments/api/routes/test_erasures.py \
	tests/deployments/api/routes/test_graph.py tests/deployments/api/routes/test_memories.py \
	tests/graph_store/redis/test_local_server.py tests/memory/conversations/test_inference.py \
	tests/memory/erasure tests/memory/maintenance tests/memory/transfer \
	tests/memory/query/test_conditions.py tests/memory/read/test_filtered_lists.py \
	tests/memory/jobs/test_workers.py tests/memory/test_failpoints.py

# The rest on a single Redis and the embedded vector store.
test-fast: .venv/installed
	@printf 'left out, make test runs it:\n'; printf '  %s\n' $(SLOW) "what needs Weaviate or a cluster"
	$(BIN)/python -m pytest -m "not serve and not weaviate" -k "not cluster" $(SLOW:%=--ignore=%)

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
