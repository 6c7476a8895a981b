# make demo runs the main job, make test passes the tests; the rest is below. Nothing but make and Python >= 3.12 is needed.
# What a run needs is installed first; what the page, the tests and the benchmarks need beside it, where they are asked for.
# pip takes only files whose SHA-256 is in the lock; evswarm itself is installed from this folder, and looks for nothing more.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PANDAPOWER := .venv-pandapower
PEERS := .venv-peers
TOOLS := .venv-tools
SHARED := -n auto --maxprocesses 4 --dist loadscope  # a module's tests share what they made, so they stay together
install = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation
locked = $(install) --require-hashes $(patsubst %,--requirement locks/%.txt,$(1))
CHECK_PYTHON := import sys; sys.exit(sys.version_info < (3, 12))

.PHONY: demo test test-all test-nightly golden check bench bench-peers bench-feeder docs scenario-page tables-page quoted licences lock audit app clean
.DEFAULT_GOAL := demo

demo: $(VENV)/ready  ## 500 EVs under 1615 kW as ants, beside free charging
	$(BIN)/evswarm run --out results/demo

test: $(VENV)/dev  ## the fast tests, every law among them
	$(BIN)/pytest $(SHARED) -m "not slow"

test-all: $(VENV)/dev  ## every test
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-ci} $(BIN)/pytest $(SHARED)

test-nightly: $(VENV)/dev  ## every law on 500 inputs, other ones each time
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest $(SHARED) -m hypothesis

golden: $(VENV)/dev  ## what every scenario and reduced study gives: print what moved, and pin it anew
	$(BIN)/python -m tests.support.golden

check: $(VENV)/dev  ## style, types, and the house's layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(PEERS)/ready  ## every benchmark, ratios side by side; its environment of its own has the peers as well
	$(PEERS)/bin/python -m benchmarks

bench-peers: $(PEERS)/ready  ## only the optimisers beside those of other libraries
	$(PEERS)/bin/python -m benchmarks.optimizers

bench-feeder: $(VENV)/dev $(PANDAPOWER)/ready  ## power flow beside pandapower, which needs older packages than ours
	$(BIN)/python -m benchmarks.power_flow

scenario-page: $(VENV)/ready  ## the scenario reference, from the settings classes
	$(BIN)/python -m runs.scenario_reference > docs/scenario.md

tables-page: $(VENV)/dev  ## the tables of a run and their columns, from the schema
	$(BIN)/python -m tests.support.tables_guide

quoted: $(VENV)/ready  ## the figures that README and guide quote, from the runs that they tell of
	$(BIN)/python -m tests.support.quoted

docs: $(VENV)/dev scenario-page tables-page quoted licences  ## pages and pictures that are written by the code; the studies take an hour
	$(BIN)/python -m runs.studies.paper_a > docs/reproduction/paper_a.md
	$(BIN)/evswarm run --out results/demo && cp results/demo/figures/*.png docs/pictures/
	$(BIN)/evswarm run scenarios/feeder_cigre.toml --out results/feeder
	cp results/feeder/figures/voltage_profile.png docs/pictures/
	$(BIN)/evswarm study batch --out results/batch && cp results/batch/batch.md docs/reproduction/batch_size.md
	cp results/batch/figures/how_many_evs_share_a_round.png docs/pictures/batch_size.png
	$(BIN)/evswarm study optimizers --out results/optimizers && cp results/optimizers/optimizers.md docs/reproduction/
	cp results/optimizers/figures/woa_at_the_origin_and_shifted.png docs/pictures/optimizers.png
	$(BIN)/evswarm study paper_b --out results/study-paper_b && cp results/study-paper_b/paper_b.md docs/reproduction/paper_b.md
	cp results/study-paper_b/figures/fig04_convergence.png docs/pictures/signals_found.png
	$(BIN)/evswarm study paper_c --out results/study-paper_c && cp results/study-paper_c/paper_c.md docs/reproduction/paper_c.md
	cp results/study-paper_c/figures/fig04_voltage.png docs/pictures/stations_found.png
	$(BIN)/python -m runs.page.screenshot docs/pictures/page.png docs/pictures/peak_shaving.png docs/pictures/stations.png

licences: $(PEERS)/ready $(TOOLS)/ready $(PANDAPOWER)/ready  ## what make installs, and under which licences
	$(PEERS)/bin/python -m tests.support.licences > docs/licences.md

lock: $(TOOLS)/ready  ## the locks, from pyproject.toml; RAISE="numpy scipy" takes the newest of these, RAISE=all of all
	$(TOOLS)/bin/python -m tests.support.locks $(if $(RAISE),--raise $(RAISE))

audit: $(TOOLS)/ready  ## known vulnerabilities of what the locks install; fails too where nobody can be asked
	@failed=0; for locks in "base app dev peers build" tools pandapower; do \
	  found=$$($(TOOLS)/bin/pip-audit --strict --progress-spinner off --disable-pip --require-hashes \
	    $$(printf -- '--requirement locks/%s.txt ' $$locks) 2>$(TOOLS)/audit.log) && continue; \
	  if [ -z "$$found" ]; then \
	    echo "Not audited: the index does not say what is known of each package. $$(tail -n 1 $(TOOLS)/audit.log)" >&2; exit 1; fi; \
	  failed=1; echo "$$found"; done; \
	[ $$failed = 1 ] || echo "No vulnerability is known of what the locks install."; exit $$failed

app: $(VENV)/app  ## the browser page; SCENARIO=my.toml begins with that file, PORT=9000 is another port
	$(BIN)/evswarm app $(SCENARIO) $(if $(PORT),--port $(PORT))

clean:
	rm -rf $(VENV) $(PEERS) $(PANDAPOWER) $(TOOLS) results

define new_venv
@python=; for name in python3.12 python3.13 python3.14 python3 python; do \
  if "$$name" -c '$(CHECK_PYTHON)' 2>/dev/null; then python=$$name; break; fi; done; \
if [ -z "$$python" ]; then \
  echo "evswarm needs Python 3.12 or newer, and none of python3.12, python3.13, python3.14, python3 is one." >&2; \
  echo "Found: $$(python3 --version 2>&1 || echo no python3). Install Python 3.12 and run make again." >&2; exit 1; fi; \
echo "Making $(@D) with $$($$python --version)"; \
"$$python" -m venv --clear $(@D)
endef

$(VENV)/ready $(PEERS)/venv: pyproject.toml locks/base.txt locks/build.txt
	$(new_venv)
	$(call locked,build base)
	$(install) --no-deps --editable .
	@touch $@

$(VENV)/app: locks/app.txt $(VENV)/ready
	$(call locked,app)
	@touch $@

$(VENV)/dev: locks/dev.txt locks/app.txt $(VENV)/ready
	$(call locked,dev)
	@touch $@ $(VENV)/app

$(PEERS)/ready: locks/peers.txt locks/dev.txt locks/app.txt $(PEERS)/venv
	$(call locked,peers)
	@touch $@

$(PANDAPOWER)/ready: locks/pandapower.txt
	$(new_venv)
	$(call locked,pandapower)
	@touch $@

$(TOOLS)/ready: locks/tools.txt
	$(new_venv)
	$(call locked,tools)
	@touch $@
