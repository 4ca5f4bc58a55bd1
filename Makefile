# `make up` needs Python 3.11 or newer and nothing else; it installs into .venv, once.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' && { echo $$p; break; }; done)
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # compiled modules halve the time of a start
PROTOS := $(shell find proto/archwire -name '*.proto')

.PHONY: help up portal portal-dev portal-api check-portal test-portal time-portal pictures test test-kafka test-race chaos demo bench images compose-up compose-down test-distributed sbom check-chart lint format proto proto-breaking openapi coverage-table lock clean

help:  ## says what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */make \1\t/' | expand -t 24

up: .venv/installed .venv/protos portal  ## starts everything on this machine
	@exec $(BIN)/archwire up

portal: .venv/bin/uv  ## builds the staff portal when its sources have changed
	@gateway/portal/build

portal-dev: .venv/installed .venv/protos  ## the portal with hot reload, before the platform on ARCHWIRE_PORT
	@ARCHWIRE_GATEWAY=http://localhost:$${ARCHWIRE_PORT:-8420} gateway/portal/build npm run dev

portal-api: .venv/installed .venv/protos  ## generates the portal's API types
	$(BIN)/archwire openapi --output gateway/portal/codegen/openapi.json
	@cd gateway/portal && ./build npm --prefix codegen ci --silent --no-audit --no-fund && ./build npm --prefix codegen run -s generate

check-portal: portal-api portal  ## the portal without a browser: API types in step, types, style, units, sizes
	git diff --exit-code --stat -- gateway/portal/src/api/schema.d.ts
	gateway/portal/build npm run -s types
	gateway/portal/build npm run -s lint
	gateway/portal/build npm run -s test
	gateway/portal/build npm run -s size

test-portal: check-portal  ## the portal: the same, and its journeys in Chromium
	@.ci/on-a-platform gateway/portal/build npm run -s e2e

time-portal: portal  ## the portal: how fast it loads and answers in Chromium, against its budgets
	@.ci/on-a-platform gateway/portal/build npm run -s timings

pictures: portal  ## takes the README's pictures of a real platform anew
	@.ci/on-a-platform gateway/portal/build npm run -s pictures

test: .venv/dev .venv/protos  ## all tests but those with a target of their own; own folders, own ports
	$(BIN)/python -m pytest -m "not kafka and not slow and not distributed"

test-kafka: .venv/dev .venv/protos  ## the same event path on a real Apache Kafka (needs Java 17 and Maven)
	$(BIN)/python -m pytest -m kafka

chaos: .venv/dev .venv/protos  ## kill -9 of everything under load; CHAOS_SECONDS and ARCHWIRE_KILLS set how long
	$(BIN)/python -m pytest -m "slow and not kafka" tests/chaos

test-race: .venv/dev .venv/protos  ## 50 people at 200 times of one chair, and what else takes minutes
	$(BIN)/python -m pytest -m "slow and not kafka" services gateway shared

demo: .venv/installed .venv/protos  ## plays the main job through the API, on a platform of its own when none runs
	@.ci/on-a-platform $(BIN)/archwire demo

bench: .venv/dev .venv/protos  ## measures against the reference monolith; writes bench.json
	$(BIN)/python -m tests.bench

images: .venv/installed  ## builds archwire/service and archwire/gateway, and what compose needs where there is no image registry
	docker/build --parts

compose-up: images  ## starts the distributed installation in containers, with a demo group
	docker/compose up -d --wait --wait-timeout 600

compose-down:  ## stops it; its volumes stay (docker/compose down -v removes them)
	docker/compose down

test-distributed: images .venv/dev .venv/protos  ## the journeys on the distributed installation, and kill -9 under load
	$(BIN)/python -m pytest -m distributed tests/distributed

sbom: build/tools  ## what the images contain, as CycloneDX, into dist/
	@rm -rf build/image && $(BIN)/uv venv -q --python $(BIN)/python build/image && mkdir -p dist
	@$(BIN)/uv pip install -q --python build/image/bin/python --require-hashes -r requirements-image.txt
	build/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o dist/sbom-python.cdx.json build/image
	gateway/portal/build npm sbom --sbom-format cyclonedx --omit dev --package-lock-only >dist/sbom-portal.cdx.json

check-chart: build/tools  ## lints charts/archwire and validates it for three installations and Kubernetes' three newest minors
	charts/check

lint: .venv/dev .venv/protos  ## style, types, dependency rules, protos
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python proto/check.py lint

format: .venv/dev  ## rewrites what `make lint` would complain about
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

proto: .venv/installed  ## generates the Python modules of the protos
	$(BIN)/python proto/generate.py

proto-breaking: .venv/dev .venv/protos  ## compares the protos with PROTO_BASE (default: the newest release)
	$(BIN)/python proto/check.py breaking

openapi: .venv/installed .venv/protos  ## writes docs/openapi.json
	$(BIN)/archwire openapi --output docs/openapi.json

coverage-table: .venv/dev .venv/protos  ## rewrites README's table: which test proves which responsibility
	$(BIN)/python tests/coverage_table.py

lock: .venv/dev  ## resolves the dependencies anew into requirements*.txt
	$(eval COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate)
	$(COMPILE) pyproject.toml -o requirements-image.txt
	$(COMPILE) pyproject.toml --extra embedded -c requirements-image.txt -o requirements.txt
	$(COMPILE) pyproject.toml --extra embedded --extra dev -c requirements.txt -o requirements-dev.txt
	$(COMPILE) docker/requirements.in -o docker/requirements.txt
	$(COMPILE) requirements-build.in -c requirements-dev.txt -o requirements-build.txt

clean:  ## removes what was built and installed; data in .archwire stays
	rm -rf .venv build dist gateway/portal/dist gateway/portal/node_modules gateway/portal/codegen/node_modules proto/gen bench.json test-output .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- installed only when what it depends on has changed ---------------------------------------------------------------

.venv/bin/uv: requirements-build.txt
	@test -n "$(PYTHON)" || { echo "Archwire needs Python 3.11 or newer: install it, or set PYTHON"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "Archwire needs Python's venv: apt-get install python3-venv, or set PYTHON"; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-build.txt
	@touch $@

.venv/installed: requirements.txt pyproject.toml | .venv/bin/uv
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch $@ .venv/protos

.venv/dev: requirements-dev.txt .venv/installed
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

build/tools: docker/requirements.txt | .venv/bin/uv
	@$(BIN)/uv venv -q --clear --python $(BIN)/python build/tools
	$(BIN)/uv pip install -q --python build/tools/bin/python --require-hashes -r docker/requirements.txt
	@touch $@

.venv/protos: $(PROTOS) proto/generate.py | .venv/installed
	$(BIN)/python proto/generate.py
	@touch $@
