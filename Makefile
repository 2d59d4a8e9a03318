# Everything a person or a machine does with this repository. `make test` on a fresh machine with the Swift
# toolchain, git, apt and python3 installs what is missing, builds, and runs every test.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

# 'systemd' is for systemd-analyze: without 'systemd-sysv', which it does not ask for, a machine boots as before, and where
# no systemd runs its package starts nothing.
PACKAGES := libsqlite3-dev libcurl4-openssl-dev libmicrohttpd-dev libyaml-dev libssl-dev libminizip-dev pkg-config sqlite3 postgresql \
  python3-venv nginx-light slowhttptest testssl.sh strace gcc libc6-dev openssl systemd chromium golang-go golang-golang-x-mod-dev zsh fish
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PYTHON := .build/venv/bin/python
SOURCES := Sources Tests Package.swift
# The suites in Python that are here: each is a folder of pytest.
SUITES := $(wildcard Tests/CLITests Tests/SystemTests)
# The debug binary that dies at each step, loses power, and finds its disk full: Docs/Testing.md.
FAULTS := Tests/FaultTests

.PHONY: deps build test test-long test-teeth test-simulation lint unit system faults demo bench release install clean

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
	@[ -x .build/promtool ] || $(MAKE) --no-print-directory .build/promtool
	@touch $@

# Taken out of its package, which would start a monitoring system on whatever machine it is installed on.
.build/promtool:
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; cd "$$folder"; \
	apt-get download -qq prometheus 2>/dev/null || { $(SUDO) apt-get update -qq; apt-get download -qq prometheus; }; \
	dpkg-deb --fsys-tarfile prometheus_*.deb | tar --extract --to-stdout ./usr/bin/promtool > promtool; \
	chmod +x promtool; mv promtool $(CURDIR)/$@

build: deps
	swift build --quiet --product rota

# One after the other, the quick ones first; the first failure stops it.
test: deps
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory test-teeth
	$(MAKE) --no-print-directory test-simulation
	$(MAKE) --no-print-directory system
	$(MAKE) --no-print-directory faults

# The tests that can go on for as long as one likes, for some ten times as long: before a release, and overnight. The
# simulation takes more than an hour of two cores: made for speed, with its stores in memory. ROTA_SIMULATION_FIRST is where
# to go on. Its histories are twice as long as in 'make test-simulation': in still longer ones less happens, since more and
# more waits for a person.
QUICK := $(firstword $(wildcard /dev/shm) /tmp)

test-long: build
	swift build --quiet -c release --build-tests -Xswiftc -enable-testing --scratch-path .build/long
	TMPDIR=$(QUICK) SWIFT_DETERMINISTIC_HASHING=1 ROTA_SIMULATION_SEEDS=50000 ROTA_SIMULATION_STEPS=2000 \
	  swift test -c release -Xswiftc -enable-testing --scratch-path .build/long --skip-build --disable-xctest \
	  --filter SimulationTests.SimulationTests | grep -v '◇'
	$(PYTHON) Tests/SystemTests/cel_expressions.py 300000 .build/cel-expressions-long.json
	ROTA_FUZZ_COUNT=1000000 ROTA_CEL_EXPRESSIONS=.build/cel-expressions-long.json \
	  swift test -c release -Xswiftc -enable-testing --scratch-path .build/long --skip-build --disable-xctest \
	  --filter 'CELTests|CronFuzzTests|PolicyFuzzTests'
	ROTA_LONG=1 $(PYTHON) -m pytest -p no:cacheprovider -s \
	  Tests/SystemTests/test_kill.py Tests/SystemTests/test_verifications.py $(FAULTS)

lint:
	swift format lint --strict --recursive $(SOURCES)

# Those of the HTTP client by themselves: beside a thousand others minutes may pass between two requests of one test, and
# libcurl takes a connection that is as old as that for closed.
unit: deps
	$(PYTHON) Tests/SystemTests/cel_expressions.py 10000 .build/cel-expressions.json
	swift build --quiet --build-tests
	ROTA_CEL_EXPRESSIONS=.build/cel-expressions.json \
	  swift test --quiet --skip-build --disable-xctest --skip '^SimulationTests' --skip HTTPClientTests
	swift test --quiet --skip-build --disable-xctest --filter HTTPClientTests

# Every rule of the protocol switched off once, by tests alone: each must be missed.
test-teeth: deps
	swift build --quiet --build-tests
	swift test --skip-build --disable-xctest --filter SimulationTests.TeethTests | tee .build/teeth.log | grep -v '◇'
	@grep --text 'rules caught' .build/teeth.log

# A million steps. Hashes are the same each time, or a seed would not give the same history in another process.
SEEDS := 1000

test-simulation: deps
	swift build --quiet --build-tests
	SWIFT_DETERMINISTIC_HASHING=1 ROTA_SIMULATION_SEEDS=$(SEEDS) \
	  swift test --skip-build --disable-xctest --filter SimulationTests.SimulationTests | grep -v '◇'

# Two modules at a time, since most of a test is waiting, in the order of their names: the long ones are not all at the
# end. Then, by themselves, those that count what is answered within a time.
TWO := --numprocesses 2 --dist loadfile --no-loadscope-reorder

system: build
	$(PYTHON) -m pytest --quiet -p no:cacheprovider $(TWO) -m 'not alone' $(SUITES)
	$(PYTHON) -m pytest --quiet -p no:cacheprovider -m alone $(SUITES)

# One after the other, since they have two processes at work themselves. What each test found out is printed, and the
# seed of what was drawn.
faults: build
	$(PYTHON) -m pytest --quiet -p no:cacheprovider -s $(FAULTS)

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

# What 'make release' has made, and the units with the path of it: the build needs no root, and this builds nothing.
# DESTDIR is for who makes a package.
PREFIX := /usr/local
UNITS := /etc/systemd/system
PROGRAM := .build/release/rota

install:
	@[ -x "$(PROGRAM)" ] || { echo "there is no $(PROGRAM): run 'make release' first" >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(UNITS)"
	install -m 755 "$(PROGRAM)" "$(DESTDIR)$(PREFIX)/bin/rota"
	@for unit in Packaging/systemd/*; do \
	  target="$(DESTDIR)$(UNITS)/$${unit##*/}"; \
	  echo "install -m 644 $$unit $$target"; \
	  sed 's|^\(ExecStart=\)/usr/local/bin/rota |\1$(PREFIX)/bin/rota |' "$$unit" | install -m 644 /dev/stdin "$$target"; \
	done

clean:
	rm -rf .build
