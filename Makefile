# gatebook's tasks. `make` lists them; `make ci` is the single truth: what it
# passes may be merged. Go and make are enough: every tool is a Go program, pinned
# here, installed into .bin/ on first use.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.8.0
BENCHSTAT     := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
BUF           := github.com/bufbuild/buf/cmd/buf@v1.75.0
PROTOC_GO     := google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
PROTOC_GRPC   := google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2

# How long each fuzz target runs, and how often each benchmark is measured.
FUZZTIME ?= 5s
ROUNDS   ?= 7

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
DATE    := $(shell git log -1 --format=%cI 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

# Each plugin is a module of its own, so that its libraries are in nobody's way who does
# not want it, and so is a test with libraries of its own. What is asked of all code is asked
# in each of these folders.
PLUGINS := $(patsubst plugins/%/go.mod,%,$(wildcard plugins/*/go.mod))
MODULES := . $(PLUGINS:%=plugins/%) testdata/sarif

# $(call everywhere,COMMAND) runs one command in each module.
everywhere = for module in $(MODULES); do (cd $$module && $(1)) || exit 1; done

# $(call tool,NAME) is where the pinned NAME is once it is installed: the version is
# part of the path, so that a new pin installs anew and an old one is not mistaken for it.
tool = .bin/$(notdir $(firstword $(subst @, ,$($(1)))))-$(lastword $(subst @, ,$($(1))))

.PHONY: help
help: ## List the tasks
	@echo 'make TASK, where TASK is one of:'
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r task does; do printf '  %-15s %s\n' "$$task" "$$does"; done

.PHONY: build
build: ## Build gatebook into bin/
	@go build -trimpath -ldflags '$(LDFLAGS)' -o bin/gatebook ./cmd/gatebook

# What the demo runs: runbooks/fleet-rollout.yaml does the same for a fleet of any size.
RUNBOOK ?= runbooks/fleet-upgrade.yaml

.PHONY: demo
demo: build ## Upgrade a fleet of three real services, then see a bad version taken back
	@go build -trimpath -o bin/fleet ./runbooks/fleet
	@bin/fleet demo --gatebook bin/gatebook --runbook $(RUNBOOK)

.PHONY: test
test: ## Run the tests, but for those of plugins
	@go test -timeout 20m ./...
	@echo 'not run: those of plugins, each of which needs something to act on:'
	@$(foreach plugin,$(PLUGINS),echo '  make test-$(plugin): $(or $(acts-on-$(plugin)),see its documentation)'; $(tell-here-$(plugin)))

# A program with the race detector sleeps for a second before it ends, for races in its last
# moment. Tests start hundreds of them.
RACE = atexit_sleep_ms=50

.PHONY: race
race: export GORACE = $(RACE)
race: ## Run the tests with the race detector
	@go test -race -timeout 20m ./...

# Before 1.27 the fuzzer of go now and then takes the end of its own time for a failure
# (golang/go#75804). It says nothing else then, and writes no input that failed; this
# alone is let pass, and said.
.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (5s)
	@found=$$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -rn1 dirname | sort -u); \
	for package in $$found; do \
		listed=$$(go test -C $$package -list '^Fuzz' .); \
		for target in $$(grep '^Fuzz' <<< "$$listed"); do \
			echo "fuzz $$package $$target"; \
			if said=$$(go test -C $$package -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x . 2>&1); then \
				grep -v '^fuzz:' <<< "$$said"; \
			elif grep -q 'context deadline exceeded' <<< "$$said" && ! grep -q 'Failing input' <<< "$$said"; then \
				echo 'its time was over while it worked, which go calls a failure: let pass'; \
			else \
				echo "$$said"; exit 1; \
			fi; \
		done; \
	done

.PHONY: bench
bench: build ## Measure, beside GNU make, and write docs/performance.md
	@go run ./engine/internal/bench -gatebook bin/gatebook -rounds $(ROUNDS)

.PHONY: benchstat
benchstat: $(call tool,BENCHSTAT) ## Compare two outputs of go test -bench: make benchstat OLD=a NEW=b
	@$< $(OLD) $(NEW)

.PHONY: fmt
fmt: $(call tool,GOLANGCI_LINT) ## Format all Go code
	@$(call everywhere,$(CURDIR)/$< fmt ./...)

.PHONY: lint
lint: $(call tool,GOLANGCI_LINT) ## Check the code with golangci-lint
	@$(call everywhere,$(CURDIR)/$< run ./...)

.PHONY: generate
generate: generate-proto ## Write anew what is generated: schemas, pages, the messages of plugins
	@for package in $$(grep -rlE '^func Test\w*InStep\(' --include='*_test.go' . | xargs -rn1 dirname | sort -u); do \
		go test -C $$package -run 'InStep$$' . -update; \
	done

.PHONY: generate-proto
generate-proto: $(call tool,BUF) $(call tool,PROTOC_GO) $(call tool,PROTOC_GRPC)
	@$< generate --template '{"version": "v2", "plugins": [$(call proto,PROTOC_GO), $(call proto,PROTOC_GRPC)]}'

# $(call proto,NAME) has the pinned generator NAME write beside what it reads.
proto = {"local": "$(call tool,$(1))", "out": "plugins/proto", "opt": "paths=source_relative"}

# What plugins were built against must go on to work: released.binpb is the contract
# as it was at the last release, and is written anew at each.
.PHONY: release-proto
release-proto: $(call tool,BUF) ## Make the contract with plugins the released one
	@$< build -o plugins/proto/released.binpb

# ---- what make ci is made of --------------------------------------------------

.PHONY: ci
ci: ## Everything that must hold before a merge
	@start=$$SECONDS; \
	for part in ci-format lint ci-systems ci-generated ci-proto build test race ci-sarif ci-kubelab $(PLUGINS:%=race-%) fuzz ci-vulnerabilities ci-release; do \
		echo "== $$part"; began=$$SECONDS; \
		$(MAKE) "$$part"; \
		echo "   $$part passed in $$((SECONDS - began)) s"; \
	done; \
	echo "make ci passed in $$((SECONDS - start)) s"

.PHONY: ci-format
ci-format: $(call tool,GOLANGCI_LINT)
	@$(call everywhere,$(CURDIR)/$< fmt --diff ./...) || { echo 'not formatted: run make fmt' >&2; exit 1; }
	@$(call everywhere,go mod tidy -diff) || { echo 'go.mod is not tidy: run go mod tidy' >&2; exit 1; }

# What is only built elsewhere must still be code.
.PHONY: ci-systems
ci-systems:
	@for system in darwin windows; do export GOOS=$$system; $(call everywhere,go vet ./...); done

# Findings for code scanning, held against the schema of SARIF.
.PHONY: ci-sarif
ci-sarif:
	@cd testdata/sarif && go test -count=1 ./...

# Compared with the tree before, not with the last commit, so that it can run
# while one is working.
.PHONY: ci-generated
ci-generated:
	@mkdir -p .bin
	@{ git status --porcelain; git diff; } > .bin/tree-before
	@$(MAKE) generate
	@{ git status --porcelain; git diff; } > .bin/tree-after
	@diff .bin/tree-before .bin/tree-after || { echo 'generated files are not in step: run make generate' >&2; exit 1; }

.PHONY: ci-proto
ci-proto: $(call tool,BUF)
	@$< lint && $< format --diff --exit-code
	@$< breaking --against plugins/proto/released.binpb || { echo 'plugins that are built would break: see plugins/proto' >&2; exit 1; }

# govulncheck exits 3 for a vulnerability and 1 for a fault of its own. Only one
# fault is let pass, that its database cannot be reached, and it is said aloud.
.PHONY: ci-vulnerabilities
ci-vulnerabilities: $(call tool,GOVULNCHECK)
	@for module in $(MODULES); do \
		code=0; said=$$(cd $$module && $(CURDIR)/$< ./... 2>&1) || code=$$?; \
		if [ $$code -eq 1 ] && grep -qE 'vuln\.go\.dev' <<< "$$said" && grep -qE 'dial|lookup|connect|timeout|proxy|[45][0-9][0-9] ' <<< "$$said"; then \
			echo "$$module is not checked: the vulnerability database cannot be reached from here"; \
		else \
			echo "$$module: $$said"; [ $$code -eq 0 ] || exit $$code; \
		fi; \
	done

# goreleaser is hundreds of modules; it checks its file only where it is installed.
.PHONY: ci-release
ci-release:
	@if command -v goreleaser > /dev/null; then goreleaser check; else echo 'not checked: goreleaser is not installed here'; fi

# ---- kubelab ------------------------------------------------------------------

# A module of its own: its first build compiles Kubernetes, which takes 8 to 20 minutes
# and is kept in a cache folder. Tests find what was built with testdata/kubelab/build --find.
.PHONY: kubelab
kubelab: ## Build the Kubernetes that tests use, once, and print its path
	@testdata/kubelab/build

# Checks that module as the others are checked, and proves what it is used for.
.PHONY: ci-kubelab
ci-kubelab: kubelab
	@cd testdata/kubelab && unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "not formatted: $$unformatted" >&2; exit 1; }
	@cd testdata/kubelab && go mod tidy -diff && go vet ./... && go test -count=1 ./proof

# ---- plugins ------------------------------------------------------------------

# What each plugin's tests act on. A new plugin says it here, and is else found by its go.mod.
acts-on-kubernetes := a control plane, which is built once, in 8 to 20 minutes
test-kubernetes: kubelab ## Test the Kubernetes plugin on a real control plane
race-kubernetes: kubelab

acts-on-swarm := Docker engines of their own, which take root on Linux
test-swarm: swarm-engine ## Test the Swarm plugin on real Docker engines
race-swarm: swarm-engine
tell-here-swarm = go run -C plugins/swarm ./internal/lab/here || echo '    nobody knows whether they can be run here';

.PHONY: swarm-engine
swarm-engine:
	@plugins/swarm/internal/lab/install

# So many packages at once, as each has its lab to itself: a control plane takes the whole machine, and
# engines little of it. Tests wait more than they work, so that there are more at once than processors.
at-once-swarm := 2
# What they have measured, they write into a file, since go test shows nothing of tests that pass.
.PHONY: $(PLUGINS:%=test-%) $(PLUGINS:%=race-%)
$(PLUGINS:%=test-%): test-%:
	@$(call test-plugin,)
$(PLUGINS:%=race-%): export GORACE = $(RACE)
$(PLUGINS:%=race-%): race-%:
	@$(call test-plugin,-race)
test-plugin = found=$$(mktemp); trap 'rm -f "$$found"' EXIT; \
	cd plugins/$* && GATEBOOK_TEST_FOUND=$$found go test $(1) -timeout 20m -p $(or $(at-once-$*),1) -parallel 4 -count=1 ./... || status=$$?; \
	cat "$$found"; exit $${status:-0}

# ---- tools --------------------------------------------------------------------

define install
$(call tool,$(1)):
	@echo "install $$($(1))"
	@GOBIN=$(CURDIR)/.bin go install $$($(1))
	@mv .bin/$$(notdir $$(firstword $$(subst @, ,$$($(1))))) $$@
endef
$(foreach name,GOLANGCI_LINT GOVULNCHECK BENCHSTAT BUF PROTOC_GO PROTOC_GRPC,$(eval $(call install,$(name))))

.PHONY: clean
clean: ## Remove what was built
	@rm -rf bin .bin .bench dist
