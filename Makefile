# Every habit of this repository. Needs make, Python 3.11 to 3.13 with ensurepip, and coreutils.
#
#   make run        the exchange, its page and demo liquidity, on 127.0.0.1:8000 (ARGS='--port 9000')
#   make page       web/dist, the page that it serves; needs node 20.19 or newer with npm
#   make test       the tests below ten seconds, in a few minutes          (PYTEST_ARGS='-k swap')
#                   CHECKED=1: without what `make check` runs
#   make slow       the others; make nightly: those that take hours
#   make check      format, lint, types, and the coverage of the pure packages
#   make fmt        write the format
#   make bench      the table of speeds                                    (ARGS=...)
#   make sim        simulated seeds until one fails; make sim SEED=7 repeats one
#   make mutants    plants bugs in a copy and shows what catches each      (ARGS='frame')
#   make fuzz       every decoder under atheris, 60 s each                 (TARGET=rows SECONDS=600)
#   make clients    the environments of ccxt, bpx-py and schemathesis for the tests of tests/clients
#   make pictures   docs/images: each view of the page, taken by chromium
#   make clean      remove the environment, the page and all caches; never ./data

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run page pictures test slow nightly check fmt bench sim mutants fuzz clients clean

VENV := .venv
INSTALLED := $(VENV)/.installed
PYTHON := $(VENV)/bin/python
PYTEST := $(PYTHON) -m pytest
JOBS ?= 2
# Each worker begins with a half, so that a module's server starts once, and takes from the other's
# end when it is through.
WORKERS = -n $(JOBS) --dist worksteal

PACKAGES := $(wildcard amm pools api contracts_abi xyk)
SOURCES := $(PACKAGES) $(wildcard alembic tests bench tools)
PURE_TESTS := $(wildcard $(addprefix tests/,amm pools domain ledger book exchange naive scenario simulation) \
  tests/security/test_market_listings.py tests/security/test_market_routes.py \
  tests/chain/test_chain_feed.py tests/chain/test_market_events.py)

LEFT_OUT = $(if $(CHECKED),$(addprefix --ignore=,$(PURE_TESTS)))

IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
NEAREST := import sys; print("python3.11" if sys.version_info < (3, 11) else "python3.13")
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all: -c constraints.txt

help:
	@while read -r line; do case "$$line" in \
	  "#   make"*) echo "$${line#\#   }";; "") break;; esac; done < Makefile

# The first Python that is in range and can make an environment. `lame` is one that only lacks
# ensurepip, which Debian puts into a package of its own. setuptools is installed first so that the
# build of our own package needs no download.
$(INSTALLED): pyproject.toml constraints.txt
	@python= lame=; \
	for candidate in python3.13 python3.12 python3.11 python3; do \
	  $$candidate -c '$(IN_RANGE)' >/dev/null 2>&1 || continue; \
	  if $$candidate -c 'import ensurepip' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	  lame=$${lame:-$$candidate}; \
	done; \
	if [ -z "$$python" ]; then \
	  lame=$${lame:-$$(python3 -c '$(NEAREST)' 2>/dev/null)}; \
	  echo 'xyk needs Python 3.11, 3.12 or 3.13 with ensurepip. Type:' >&2; \
	  echo "  sudo apt-get install -y $${lame:-python3} $${lame:-python3}-venv" >&2; \
	  exit 1; \
	fi; \
	echo "building $(VENV) with $$python (a minute or two)"; \
	rm -rf $(VENV) && $$python -m venv $(VENV)
	@$(PIP) setuptools
	@$(PIP) --no-build-isolation -e '.[dev]'
	@touch $@

# Without node, or without a network the first time, it says so and runs without a page.
run: $(INSTALLED)
	@sh web/build.sh || true
	@exec $(VENV)/bin/xyk serve --sandbox --seed-demo $(ARGS)

page:
	@sh web/build.sh

test: $(INSTALLED)
	$(PYTEST) $(WORKERS) -m 'not slow and not nightly' $(LEFT_OUT) $(PYTEST_ARGS)

slow: $(INSTALLED)
	$(PYTEST) $(WORKERS) -m 'slow and not nightly' $(PYTEST_ARGS)

nightly: $(INSTALLED)
	HYPOTHESIS_PROFILE=nightly $(PYTEST) -o faulthandler_timeout=0 -m nightly $(PYTEST_ARGS)

check: $(INSTALLED)
	$(PYTHON) -m ruff format --check $(SOURCES)
	$(PYTHON) -m ruff check $(SOURCES)
	$(PYTHON) -m mypy $(PACKAGES)
	$(PYTEST) -q $(WORKERS) -m 'not slow and not nightly' --cov --cov-report=term $(PURE_TESTS)

fmt: $(INSTALLED)
	$(PYTHON) -m ruff check --fix-only --quiet $(SOURCES)
	$(PYTHON) -m ruff format $(SOURCES)

bench: $(INSTALLED)
	$(PYTHON) -m bench.run $(ARGS)

pictures: $(INSTALLED)
	$(PYTHON) -m tools.pictures $(ARGS)

sim: $(INSTALLED)
	@if [ -n "$(SEED)" ]; then \
	  $(VENV)/bin/xyk simulate --seed $(SEED) $(ARGS); \
	else \
	  $(VENV)/bin/xyk simulate --seed $$(date +%s) --seeds 0 --jobs $(JOBS) $(ARGS); \
	fi

mutants: $(INSTALLED)
	$(PYTHON) -m tests.mutants.run --jobs $(JOBS) $(ARGS)

# Installed here alone: `make test` replays the corpus without atheris. A find ends it with 77 and
# lies in build/fuzz/crashes; with its fix it goes to tests/fuzz/corpus/TARGET.
SECONDS ?= 60
FUZZ_TARGETS = $(if $(TARGET),$(TARGET),$(notdir $(wildcard tests/fuzz/corpus/*)))
fuzz: $(INSTALLED)
	@$(PIP) --no-build-isolation -e '.[dev,fuzz]'
	@for target in $(FUZZ_TARGETS); do \
	  echo "--- $$target, $(SECONDS) s"; $(PYTHON) -m tests.fuzz.run $$target $(SECONDS) || exit; \
	done

# Each in its own, because bpx-py and ccxt need different versions of cryptography.
CLIENTS := build/clients
clients: $(foreach one,ccxt bpx schemathesis,$(CLIENTS)/$(one)/.installed)

$(CLIENTS)/%/.installed: tests/clients/%.txt $(INSTALLED)
	@rm -rf $(@D) && $(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

clean:
	rm -rf $(VENV) build web/dist web/node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov
