# Everything lives in .venv of this checkout; nothing is installed outside it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
# pip compiles one file after the other. What cannot be compiled (templates, examples) is no part of what runs.
COMPILE = @$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib > /dev/null || true

AGAIN := $(MAKE) --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help setup run demo test unit lint types check bench bench-full docs pictures secrets sbom lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## ?/  make \1\t/' | expand -t 24

setup: $(STAMP)  ## make .venv with what runs need, from the locked versions

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Veille needs Python 3.11 or later: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(BIN)/python requirements.lock pyproject.toml setup.py $(wildcard monitor/*/*.[ch] monitor/*/*/*.c)
	$(PIP) --no-compile --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps -e .
	$(COMPILE)
	@touch $@

$(DEV): $(STAMP) requirements-dev.lock
	$(PIP) --no-compile --require-hashes --no-deps -r requirements-dev.lock
	$(COMPILE)
	@touch $@

run: $(STAMP)  ## start Veille on this machine: broker, workers, schedule, web
	$(BIN)/veille run

demo: $(STAMP)  ## the main job on a small press of our own, offline, in under a minute
	$(BIN)/veille demo

# Side by side, as the first tests mostly wait; what lint said comes last, so that it is seen. Not by `$(MAKE)`, which
# `make -n` would run.
test: $(DEV)  ## lint, types and every test
	@mkdir -p var
	@$(AGAIN) lint > var/lint.log 2>&1 & lint=$$!; \
	$(BIN)/python -m pytest tests -n 3 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$lint; lint=$$?; cat var/lint.log; exit $$(( tests + lint ))

unit: $(DEV)  ## the unit tests alone
	$(BIN)/python -m pytest tests/unit -n 2

lint: $(DEV) types  ## ruff, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(DEV)  ## mypy --strict on monitor and workers
	$(BIN)/mypy

check: $(STAMP)  ## configuration, database, broker
	$(BIN)/veille check

bench: $(DEV)  ## speed beside every peer, small: some minutes (peers go into environments of their own under var/bench)
	rm -f var/bench/small.jsonl
	for scenario in polls same-body latency articles wave; do $(BIN)/python -m bench.speed $$scenario --feeds 200 --hosts 50 --articles 200 --out var/bench/small.jsonl || exit 1; done
	$(BIN)/python -m bench.speed report --out var/bench/small.jsonl

bench-full: $(DEV)  ## the same at full size, three rounds: about an hour
	rm -f var/bench/full.jsonl
	for scenario in polls same-body latency articles processes; do $(BIN)/python -m bench.speed $$scenario --rounds 3 --out var/bench/full.jsonl || exit 1; done
	$(BIN)/python -m bench.speed wave --feeds 400 --rounds 3 --out var/bench/full.jsonl
	$(BIN)/python -m bench.speed report --out var/bench/full.jsonl

docs: $(STAMP)  ## the pages that are generated
	$(BIN)/python -m monitor.cli.reference > docs/cli.md
	$(BIN)/python tools/env_example.py > config/veille.env.example

pictures: $(STAMP)  ## the README's pictures, from the running demo (all but one need a Chromium)
	$(BIN)/python docs/pictures.py

secrets:  ## secrets of your own for docker compose, in secrets/
	@tools/make-secrets secrets

sbom: $(STAMP)  ## the bill of materials (CycloneDX) and the licences of what runs, in dist/
	$(BIN)/python tools/sbom.py requirements.lock dist

lock: $(STAMP)  ## renew both locks within the bounds of pyproject.toml
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra pdf --extra parquet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock
	echo 'setuptools>=77,<83' | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -c requirements-dev.lock -o requirements-build.lock

clean:  ## forget .venv and the data of runs
	rm -rf $(VENV) var
