# The commands of this repository. `make run` starts Bailiwick, `make test` proves it.

GO      ?= go
LISTEN  ?= 127.0.0.1:8080
DATA    ?= ./data
GOLANGCI_LINT_VERSION = v2.15.0
OPENFGA_VERSION = v1.22.1

# Packages in which goroutines meet: tested under the race detector.
CONCURRENT = certs change db jobs audit secret mail op authz authn invite user quota masterkey

# Each test runs once: those packages under the race detector, all others without. What a test keeps in memory is small, so its
# rubbish may lie longer; make vet has vetted already. SQLite is C that was translated, under locks of its own: to watch it as
# well makes a test ten times as long and says nothing about goroutines of ours.
GO_TEST = GOGC=400 $(GO) test -vet=off -timeout 20m
RACE    = -race -gcflags=modernc.org/sqlite/lib=-race=false

# What is measured comes before all other work of the machine, where that may be asked for.
ALONE = $(shell nice -n -15 true 2>&1 | grep -q . || echo nice -n -15)

# Existing database to first page, memory when idle, size of the stripped binary.
bench-start:
	$(GO) build -trimpath -ldflags='-s -w' -o bin/bailiwick-stripped ./cmd/bailiwick
	@d=$$(mktemp -d) && $(GO) run ./bench/start bin/bailiwick-stripped $$d; rc=$$?; rm -rf $$d; exit $$rc

# The list of clients among a thousand, a hundred thousand and a million, on both databases. The databases take 25 GB and are
# made once, which takes half an hour; remove bench/.cache to get the room back.
bench-lists-seed:
	$(GO) run ./bench/lists -seed bench/.cache

bench-lists:
	$(GO) build -o bin/bench-lists ./bench/lists
	$(ALONE) bin/bench-lists bench/.cache

# Bringing 100,000 clients in, from the confirmation to the last line, and inviting 1,000 people, on both databases. The short
# form brings 20,000 in and multiplies their time, which is within a minute; the long form brings all in.
bench-bulk: BULK = -clients 20000
bench-bulk bench-bulk-long:
	$(GO) build -o bin/bench-bulk ./bench/bulk
	@d=$$(mktemp -d) && chmod 755 $$d && $(ALONE) bin/bench-bulk $(BULK) $$d; rc=$$?; rm -rf $$d; exit $$rc

# A permission check in process, and checks over HTTP beside OpenFGA with the same tree and questions.
bench-access: build bin/openfga
	$(GO) build -o bin/bench-access ./bench/access
	$(ALONE) bin/bench-access bin/bailiwick bin/openfga

bin/openfga:
	GOBIN=$(CURDIR)/bin $(GO) install github.com/openfga/openfga/cmd/openfga@$(OPENFGA_VERSION)

# Settings of accounts and the pane of My customers among a thousand and a million accounts, on both databases. The first run
# makes them, which takes a minute and 5 GB; remove bench/.cache to get the room back.
bench-settings:
	$(GO) build -o bin/bench-settings ./bench/settings
	$(ALONE) bin/bench-settings bench/.cache

# Kills the program in the middle of writes, again and again: nothing that it acknowledged may be lost.
kill-api: build
	@d=$$(mktemp -d) && $(GO) run ./bench/kill bin/bailiwick $$d; rc=$$?; rm -rf $$d; exit $$rc

# Decisions about quotas, from memory and over HTTP, beside Redis in the same run. The short form, which is within a minute, stops
# at a hundred thousand customers, the long one at a million.
bench-quota: QUOTA = -accounts 100000
bench-quota bench-quota-long: build
	$(GO) build -o bin/bench-quota ./bench/quota
	$(ALONE) bin/bench-quota $(QUOTA) bin/bailiwick redis-server

# Kills processes that share a database in the middle of reserving, with clocks that jump: no limit may be exceeded.
# The short form, which is within a minute, ends 240 of them, the long one 1,800.
kill-quota: KILLS = -rounds 40
kill-quota kill-quota-long:
	$(GO) build -o bin/kill-quota ./bench/killquota
	@d=$$(mktemp -d) && chmod 755 $$d && bin/kill-quota $(KILLS) $$d; rc=$$?; rm -rf $$d; exit $$rc

.PHONY: plain bench-quota bench-quota-long kill-quota kill-quota-long kill-api bench-settings bench-access bench-bulk bench-bulk-long bench-lists-seed bench-lists bench-start run build test check generate fresh fmt vet race lint needs

run: build
	./bin/bailiwick serve --listen $(LISTEN) --data $(DATA)

build:
	$(GO) build -trimpath -o bin/bailiwick ./cmd/bailiwick

# Both halves wait for browsers and disks now and then: side by side they fill the cores.
test: needs fresh fmt vet
	@$(MAKE) --no-print-directory -j2 plain race

# What takes longest begins first. It waits for a browser most of the time, so it counts as none of the processors.
plain:
	$(GO_TEST) -p $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) bailiwick/internal/apptest/journey $(filter-out $(foreach c,$(CONCURRENT),bailiwick/internal/$c bailiwick/internal/$c/%),$(shell $(GO) list ./...))

check: lint test

# Generated files are committed: building needs no generator. A generator that fails leaves its file as it was.
generated = $(GO) run $(2) > $(1).new && mv $(1).new $(1) || { rm -f $(1).new; exit 1; }
generate:
	$(GO) tool templ generate -path ./internal
	$(call generated,docs/operators/settings.md,./internal/config/settingsgen)
	$(call generated,internal/api/client/client_gen.go,./internal/api/clientgen internal/api/testdata/openapi.yaml)
	$(call generated,docs/operators/command-line.md,./internal/cli/commandsgen)

fresh:
	@scripts/fresh.sh

fmt:
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "run gofmt -w on:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

race:
	$(GO_TEST) $(RACE) $(addsuffix /...,$(addprefix ./,$(wildcard $(addprefix internal/,$(CONCURRENT)))))

lint: bin/golangci-lint
	bin/golangci-lint run

bin/golangci-lint:
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

needs:
	@scripts/test-needs.sh
