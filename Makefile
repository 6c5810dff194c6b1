# make demo   sets up .venv, solves a Poisson problem and proves the answer
# make test   sets up .venv and runs the whole test suite
# make check  lint, types and the import contract
# PYTHON=python3.12 chooses the interpreter (3.11, 3.12 or 3.13).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test check setup lock rivals clean

demo: $(READY)
	$(BIN)/pinn problem=poisson_2d accuracy=1e-9

test: $(READY)
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder --cov=pinn --cov-report=term --cov-fail-under=90

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup: $(READY)

# The lock is complete, so nothing is resolved: a release of tomorrow cannot change or break the set-up.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "expected Python 3.11, 3.12 or 3.13; got %d.%d. Say make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	@touch $@

# Plain name==version lines with hashes for all supported Pythons and systems; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment of the rivals that experiments/benchmark_*.py run against.
rivals: .rivals/.ready

.rivals/.ready: experiments/rivals/requirements.txt
	$(PYTHON) -m venv .rivals
	.rivals/bin/python -m pip --quiet --disable-pip-version-check install --requirement experiments/rivals/requirements.txt
	@touch $@
