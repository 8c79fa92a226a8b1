# FaceSocial AI: what a person types. `make` alone lists it.
PYTHON ?= python3
# Extras beside the usual ones: `make test EXTRAS=train` adds torch and MLflow (for tests of training).
EXTRAS ?=
# `make check CHECKS=--strict`: a check whose program is missing fails.
CHECKS ?=
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := 26.3
comma  := ,
BENCH  := $(VENV)/.installed-bench
STAMP  := $(VENV)/.installed-$(or $(subst $(comma),-,$(EXTRAS)),usual)
TRAIN  := $(VENV)/.installed-train
export BENTOML_DO_NOT_TRACK = 1

.DEFAULT_GOAL := help
.PHONY: help up down models test check train eval bench bentos clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(STAMP) ## Start the services and the workbench (Ctrl-C stops them)
	@$(BIN)/facesocial up

down: $(STAMP) ## Stop what `make up` started
	@$(BIN)/facesocial down

models: $(STAMP) ## Pull all models of the catalogue
	@$(BIN)/facesocial models pull

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(STAMP) ## Lint, types, who may import whom, and everything that is deployed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.checks $(CHECKS)

train: $(TRAIN) ## Train the default weights anew (needs photographs and the published models; hours)
	@$(BIN)/python -m training_eval.own $(ARGS)

eval: $(TRAIN) ## Measure every model of the catalogue and note it in MLflow
	@$(BIN)/python -m training_eval.evaluation $(ARGS)

bench: $(BENCH) ## Measure throughput and latency side by side with the limit of this machine
	@$(BIN)/python -m deploy.bench $(ARGS)

bentos: $(STAMP) ## Build a bento of each service, models inside
	@$(BIN)/python -m deploy.scripts.build_bento

clean: ## Remove the virtual environment and caches; models and secret stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .artefacts

$(VENV)/.installed-%: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "FaceSocial AI needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip==$(PIP)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[cpu,gallery,local,video,workbench$(addprefix $(comma),$(subst -,$(comma),$(filter-out usual,$*)))]' --group test --group check
	@touch $@

$(BENCH): $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt --group bench
	@touch $@
