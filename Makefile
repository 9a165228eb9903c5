# make run: a switch that answers, on a machine that has Go and make and nothing else.
# make test: every test, with the race detector and real SIP clients.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GOBIN := $(CURDIR)/bin
DATA ?= data
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION := v0.12.0

# What the build needs (cgo for SQLite), and what the tests need besides (real SIP clients).
BUILD_PACKAGES := gcc libc6-dev ca-certificates
TEST_PACKAGES := $(BUILD_PACKAGES) sip-tester baresip-core

.PHONY: build run test check bench fuzz deps test-deps clean

build: deps
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/tandem ./cmd/tandem

run: build
	exec bin/tandem serve --data $(DATA)

test: test-deps
	go test -race -shuffle=on -timeout 20m ./...

check: deps bin/golangci-lint bin/gofumpt
	@unformatted=$$(bin/gofumpt -l cmd switch media script rcml rest conf); \
	  if [ -n "$$unformatted" ]; then echo "gofumpt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	bin/golangci-lint run ./...

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Each fuzz target for FUZZTIME; go test -fuzz takes one target at a time.
FUZZTIME ?= 30s
fuzz:
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r f; do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$$f"); do \
	    echo "== $$t ($$(dirname $$f))"; go test -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) "$$(dirname $$f)"; done; done

deps:
	@.ci/packages $(BUILD_PACKAGES)

test-deps:
	@.ci/packages $(TEST_PACKAGES)

bin/golangci-lint:
	GOBIN=$(GOBIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

bin/gofumpt:
	GOBIN=$(GOBIN) go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)

clean:
	rm -rf bin
