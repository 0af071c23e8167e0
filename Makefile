# Needs python3 (>=3.10, with venv) and make; everything else goes into .venv, made once.
PY   ?= python3
VENV ?= .venv
BIN  := $(VENV)/bin
READY := $(VENV)/.ready
# further arguments for pip, e.g. PIP_ARGS='--extra-index-url URL' for torch's own CPU builds
PIP_ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JUPYTER_PLATFORM_DIRS := 1
# glibc gives large blocks back to the system after every step and asks for them again; keeping them saves a sixth of a training's time
export MALLOC_MMAP_THRESHOLD_ ?= 1000000000
export MALLOC_TRIM_THRESHOLD_ ?= 1000000000

.PHONY: demo test test-browser torture lab docs export pages clean
demo: $(READY)  ## train a small TransFusion on built-in pictures and write its report
	@$(BIN)/anomaly-nb demo

test: $(READY)  ## everything CI runs
	@PATH="$(CURDIR)/$(BIN):$$PATH" PIP_ARGS="$(PIP_ARGS)" .ci/check

# also needs a browser and its driver: apt-get install chromium && .venv/bin/pip install playwright (no `playwright install`)
test-browser: $(READY)  ## whole pages in JupyterLab, each control of their explorers by keyboard and by mouse in Chromium (61, 62, 64; BROWSER_ARGS=--all: every page, and a table); `make test` does it too where both are there
	@$(BIN)/python .ci/browser.py $(BROWSER_ARGS)

torture: $(READY)  ## broken pictures, masks, folders and runs, and trainings killed at any moment: what the library makes of them
	@$(BIN)/python benchmarks/torture.py $(TORTURE_ARGS)

lab: $(READY)  ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab --ServerApp.root_dir=nbs --LabApp.default_url=/lab/tree/index.ipynb $(LAB_ARGS)

docs: $(READY)  ## the pages as plain HTML in _docs (the full site has its own issue)
	@$(BIN)/jupyter nbconvert --to html --output-dir=_docs --log-level=WARN nbs/*.ipynb nbs/*/*.ipynb
	@echo "open _docs/index.html"

export: $(READY)  ## after editing a notebook: library, type stubs, README
	@PATH="$(CURDIR)/$(BIN):$$PATH" && nbdev-export && python .ci/stubs.py anomaly_nb && python .ci/readme.py

PAGES ?= nbs
pages: $(READY)  ## run pages and store what they show, slow cells excepted: make pages PAGES=nbs/index.ipynb
	@export PATH="$(CURDIR)/$(BIN):$$PATH"; for o in $(PAGES); do nbdev-test $$o --n-workers 0 --save && nbdev-clean --fname $$o && python .ci/outputs.py $$o || exit 1; done

$(READY): settings.ini setup.py pyproject.toml .ci/constraints.txt
	@$(PY) -c 'import sys; sys.exit(None if sys.version_info>=(3,10) else "anomaly_nb needs Python 3.10 or newer, got "+sys.version.split()[0])'
	@echo "Setting up $(VENV) (once; a few minutes) ..."
	@$(PY) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq -U pip
	@$(BIN)/python -m pip install -qq -c .ci/constraints.txt $(PIP_ARGS) --config-settings editable_mode=compat -e '.[dev]'  # compat: a plain path entry, so that a folder named like the package does not hide it
	@touch $@

clean:
	rm -rf $(VENV) _docs build dist *.egg-info
