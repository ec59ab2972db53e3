# Two commands for a stranger: `make demo` and `make test`. They need git, make and Python 3.11 or newer; everything
# else goes into .venv/. Repeated, they cost nothing until pyproject.toml or constraints.txt changes.

SERVE ?= 1
PYTEST_ARGS ?=
export PYTHON

bin := .venv/bin
declared := pyproject.toml constraints.txt scripts/environment

.PHONY: help demo test lint format docs bench constraints clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo          set up, run the whole line on a real shop, serve the dashboard (SERVE=0: stop after the run)'
	@echo 'make test          set up and run every check and test'
	@echo 'make lint          style, types and floors only'
	@echo 'make format        rewrite the files as the style asks'
	@echo 'make docs          the documentation, into docs/_build/html'
	@echo 'make bench         the benchmarks (takes minutes)'
	@echo 'make constraints   renew the pinned versions'
	@echo 'make clean         remove what these made, .venv included'

.venv/.ready-demo: $(declared)
	@scripts/environment demo
	@touch $@

.venv/.ready-test: $(declared)
	@scripts/environment demo postgres spark plots docs test
	@touch $@

demo: .venv/.ready-demo
	@$(bin)/tenure demo --workspace demo $(if $(filter 0,$(SERVE)),--no-serve)

# loadfile keeps a file's tests on one worker, so that a file's server or warehouse is started once.
test: .venv/.ready-test
	@scripts/system-packages
	@$(bin)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

lint: .venv/.ready-test
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports

format: .venv/.ready-test
	@$(bin)/ruff check --fix .
	@$(bin)/ruff format .

docs: .venv/.ready-test
	@$(bin)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo 'docs/_build/html/index.html'

bench: .venv/.ready-test
	@$(bin)/python -m benchmarks

constraints: .venv/.ready-test
	@scripts/pin

clean:
	rm -rf .venv demo build dist docs/_build benchmarks/out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
