# Weir. `make run` shows a first metered call, `make test` passes the tests.
SHELL := /bin/bash
SWIFT ?= swift
VENV  := .venv
PY    := $(VENV)/bin/python

.PHONY: setup build release run test test-swift test-end-to-end test-sdk crash-test cluster-test \
        bench check fuzz fuzz-short splits format prices check-prices clean

## The system packages that a bare Debian 12 with a Swift toolchain lacks. As root, or by sudo.
PACKAGES := libsqlite3-dev libmimalloc-dev pkg-config tzdata python3-venv strace nginx-light wrk curl
setup:
	@missing=""; for p in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  run=""; [ "$$(id -u)" = 0 ] || run=sudo; \
	  $$run apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$run apt-get install -y -qq --no-install-recommends $$missing; fi

$(VENV)/ready: Tests/EndToEnd/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/EndToEnd/requirements.txt
	touch $@

$(VENV)/sdk-ready: $(VENV)/ready Tests/SDK/requirements.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/SDK/requirements.txt
	touch $@

build: setup
	$(SWIFT) build --product weir

release: setup
	scripts/release.sh

## From a bare machine to a metered first call.
run: build
	.build/debug/weir demo

## Everything that the continuous integration runs.
test: setup $(VENV)/ready test-swift fuzz-short splits test-end-to-end test-sdk

test-swift:
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

test-end-to-end: $(VENV)/ready
	$(SWIFT) build --product weir
	$(PY) -m pytest Tests/EndToEnd -q

## The providers' own Python SDKs against the binary, each with models of all providers.
test-sdk: $(VENV)/sdk-ready
	$(SWIFT) build --product weir
	$(PY) -m pytest Tests/SDK -q

## The crash tests of `make test`, for longer.
crash-test: build $(VENV)/ready
	WEIR_KILLS=$${WEIR_KILLS:-2000} $(PY) -m pytest Tests/EndToEnd/test_crash.py -q -s
	WEIR_JOB_KILLS=$${WEIR_JOB_KILLS:-50} $(PY) -m pytest Tests/EndToEnd/test_job_crashes.py -q -s

## The storm over a cluster of `make test`, for longer.
cluster-test: build $(VENV)/ready
	WEIR_CLUSTER_SECONDS=$${WEIR_CLUSTER_SECONDS:-300} $(PY) -m pytest Tests/EndToEnd/test_cluster.py -q -s

## Parsers and translators against libFuzzer: FUZZ_SECONDS for each of the targets in FUZZ.
FUZZ_SECONDS ?= 60
FUZZ ?=
fuzz:
	SECONDS_EACH=$(FUZZ_SECONDS) Fuzz/fuzz.sh $(FUZZ)

fuzz-short:
	SHORT=1 Fuzz/fuzz.sh

## Every recorded stream, cut at each of its bytes.
splits:
	Fuzz/splits.sh

## Weir beside nginx on the same upstream in one run.
bench: release
	Benchmarks/bench.sh

format:
	$(SWIFT) format --in-place --recursive Sources Tests Fuzz Package.swift

check:
	$(SWIFT) format lint --strict --recursive Sources Tests Fuzz Package.swift

## The built-in price book, anew from its pinned source.
prices: $(VENV)/ready
	$(VENV)/bin/pip install --quiet -r scripts/prices/requirements.txt
	$(PY) scripts/prices/generate.py

check-prices: $(VENV)/ready
	$(VENV)/bin/pip install --quiet -r scripts/prices/requirements.txt
	$(PY) scripts/prices/generate.py --check

clean:
	rm -rf .build $(VENV)
