# make demo runs the main job, make test passes all tests: both from a bare clone.
GO      ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
export CGO_ENABLED ?= 0

.PHONY: all build demo test race lint cross fuzz bench kernels vmtest clean

all: build

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/dtrace ./cmd/dtrace

demo: build
	sh examples/demo.sh bin/dtrace

test: build
	$(GO) run ./internal/testsum ./...

# The race detector needs cgo.
race:
	CGO_ENABLED=1 $(GO) run ./internal/testsum -race -short ./...

lint:
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'gofmt would change the files above' >&2; exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=go.tool.mod staticcheck ./...

# Everything but the live Linux host builds everywhere.
cross:
	GOOS=linux GOARCH=arm64 $(GO) build ./...
	GOOS=linux GOARCH=386 $(GO) build ./...
	GOOS=windows GOARCH=amd64 $(GO) build ./...
	GOOS=darwin GOARCH=arm64 $(GO) build ./...

# Each fuzz target for a short while; FUZZTIME=10m for a long one.
FUZZTIME ?= 5s
fuzz:
	sh internal/lint/fuzz.sh $(FUZZTIME)

# Kernels of other versions, downloaded from the machine's Debian mirror, to run the
# tests on under emulation (qemu-system-x86; docs/kernels.md).
GODTRACE_KERNELS ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/godtrace/kernels
kernels:
	sh internal/vmtest/kernels.sh '$(GODTRACE_KERNELS)'

vmtest:
	GODTRACE_KERNELS='$(GODTRACE_KERNELS)' $(GO) run ./internal/testsum -timeout 2h ./internal/vmtest

bench: build
	sh bench/run.sh bin/dtrace

clean:
	rm -rf bin
