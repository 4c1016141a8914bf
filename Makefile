# `make demo` and `make test` work from nothing: each creates .venv and installs what it needs there, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
USE := $(VENV)/.installed-use
DEV := $(VENV)/.installed-dev
DESKTOP := xvfb openbox dbus at-spi2-core python3-gi gir1.2-gtk-3.0 gir1.2-atspi-2.0
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help demo test check model adapters fuzz system clean

help:
	@echo "make demo    record a short shell session, let the embedded world model live through it, compare"
	@echo "make test    ruff, mypy and pytest (pulls the default model, 98 MB, if it is not there)"
	@echo "make check   ruff and mypy only"
	@echo "make adapters  foreign frameworks and official clients, each in an environment of its own (3 GB), and their tests"
	@echo "make fuzz    thousands of requests against a live server, by schemathesis"
	@echo "make system  install what recorders need with apt-get, as root: a sandbox, tmux, git, a browser, a small desktop"
	@echo "make clean   remove .venv and caches"

demo: $(USE)
	$(BIN)/nextstate demo

# The profile makes property tests repeatable and gives them no deadlines; plain pytest tries new examples every time.
test: check model
	$(BIN)/pytest --hypothesis-profile=ci

check: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Tests that need the weights skip, and say so, when they are not there.
model: $(DEV)
	$(BIN)/nextstate models pull smollm2-135m || echo "warning: the default model could not be pulled; the tests that need it will skip" >&2

system:
	@test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "make system needs root and apt-get; install tmux bubblewrap git sqlite3 chromium adb $(DESKTOP) by hand" >&2; exit 1; }
	apt-get update -qq && apt-get install -y -qq tmux bubblewrap git sqlite3 chromium adb
	apt-get install -y -qq --no-install-recommends $(DESKTOP)

# Official clients and foreign frameworks, from tests/adapters/environments; without them those tests skip, and say so.
adapters: $(DEV)
	$(BIN)/python tests/adapters/build.py
	$(BIN)/pytest tests/adapters

fuzz: $(DEV)
	$(BIN)/python tests/adapters/build.py schemathesis
	$(BIN)/python tests/serve/rest/fuzz.py .adapters/schemathesis/bin/schemathesis 50

clean:
	rm -rf $(VENV) .adapters .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nextstate needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Using needs less than developing; a development install is good for both, so it sets both stamps.
$(USE): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[local]'
	@touch $@

$(DEV): pyproject.toml constraints.txt hatch_build.py src/nextstate/data/_words.c | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[local,data,ray,serve,web,dev]'
	@touch $@ $(USE)
