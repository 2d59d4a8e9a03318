# Everything a person or a machine does with this repository. `make test` on a fresh machine with the Swift
# toolchain, git, apt and python3 installs what is missing, builds, and runs every test.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PACKAGES := libsqlite3-dev libcurl4-openssl-dev libmicrohttpd-dev libyaml-dev libssl-dev pkg-config sqlite3 postgresql \
  python3-venv nginx-light slowhttptest
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PYTHON := .build/venv/bin/python
SOURCES := Sources Tests Package.swift
# The suites in Python that are here: each is a folder of pytest.
SUITES := $(wildcard Tests/CLITests Tests/SystemTests)

.PHONY: deps build test test-long lint unit system demo bench release clean

deps: .build/deps.stamp

# Only what is missing is installed; when nothing is, apt is not even asked.
.build/deps.stamp: Makefile Tests/requirements.txt
	@mkdir -p .build
	@missing=(); \
	for package in $(PACKAGES); do \
	  status=$$(dpkg-query --show --showformat='$${db:Status-Status}' "$$package" 2>/dev/null || true); \
	  [ "$$status" = installed ] || missing+=("$$package"); \
	done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  echo "installing $${missing[*]}"; \
	  $(SUDO) apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends "$${missing[@]}"; \
	fi
	@[ -x $(PYTHON) ] || python3 -m venv .build/venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	@touch $@

build: deps
	swift build --quiet --product rota

# One after the other, the quick ones first; the first failure stops it.
test: deps
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory system

# The tests that can go on for as long as one likes, for some ten times as long: before a release, and overnight.
test-long: build
	ROTA_LONG=1 $(PYTHON) -m pytest -p no:cacheprovider -s \
	  Tests/SystemTests/test_kill.py Tests/SystemTests/test_verifications.py

lint:
	swift format lint --strict --recursive $(SOURCES)

unit: deps
	swift build --quiet --build-tests
	swift test --quiet --skip-build --disable-xctest

system: build
	$(PYTHON) -m pytest --quiet -p no:cacheprovider $(SUITES)

demo: build
	Demo/demo.sh

# TOKENS=1000000 for the figures that are published; BENCHMARKS="plan push" for some of them.
TOKENS := 100000

bench: release .build/bench/peers.stamp
	$(PYTHON) Benchmarks/all.py --tokens $(TOKENS) $(BENCHMARKS)

# What we are measured against, beside what the tests need. The C server is compiled by the benchmark itself.
.build/bench/peers.stamp: Makefile .build/deps.stamp
	@mkdir -p .build/bench
	@for tool in wrk:wrk sqlite3:sqlite3 cc:gcc; do \
	  command -v "$${tool%%:*}" > /dev/null || missing="$${missing:-} $${tool##*:}"; \
	done; \
	if [ -n "$${missing:-}" ]; then \
	  $(SUDO) apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; \
	fi
	@[ -x .build/bench/venv/bin/python ] || python3 -m venv .build/bench/venv
	@.build/bench/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement Benchmarks/requirements.txt
	@touch $@

# One file that needs no Swift on the machine where it runs.
release: deps
	swift build --quiet -c release --static-swift-stdlib --product rota
	@ls -l "$$(swift build -c release --static-swift-stdlib --show-bin-path)/rota"

clean:
	rm -rf .build
