# make test is all a newcomer needs: it fetches what it uses, Kafka included.

GO       ?= go
KAFKADIR ?= .kafka
GOTEST   := $(GO) tool gotestsum --format pkgname --
# Packages whose code runs in several goroutines are tested under the race detector, too.
RACE     := . ./exec/... ./stream/... ./state/... ./connectors/... ./internal/broker/...

# How long fuzz-sql runs, and from which seed on.
FUZZ_TIME ?= 10m
FUZZ_SEED ?= $(shell date +%s)000

.PHONY: build test test-unit test-race test-oracle test-all torture fuzz fuzz-sql oracle lint bench docs kafka-start kafka-stop

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/sqlstream ./cmd/sqlstream

# One Kafka serves the whole run. Where Java or Maven is missing the rest is run, and
# a line says so; with CI=true that is a failure.
test:
	$(GO) run ./internal/kafkatest/cmd/kafka run -- $(MAKE) --no-print-directory test-unit test-race test-oracle

test-unit:
	$(GOTEST) -timeout 15m ./...

test-race:
	$(GOTEST) -race -short -timeout 15m $(RACE)

# SQLite as a judge, in a module of its own; its sums follow those of this module.
test-oracle:
	cd internal/oracle && $(GO) test -mod=mod ./...

# Every file of testdata/sql in every combination of what may differ.
test-all:
	$(GO) test -count=1 -timeout 0 ./internal/sqltest -all -recut 6 -random 40

# Processes and Kafka are killed, again and again, at random moments and at every step.
KILLS        ?= 1000
BROKER_KILLS ?= 50
torture:
	$(GO) test -count=1 -timeout 0 -v ./internal/torture -kills $(KILLS) -broker-kills $(BROKER_KILLS)

# Random queries for as long as one likes; what fails is shrunk and printed as a test.
fuzz-sql:
	$(GO) test -count=1 -timeout 0 ./internal/randsql -seed $(FUZZ_SEED) -queries 1 -for $(FUZZ_TIME) -v

# Every fuzz target for a while: decoders, files of state, SQL, keys. What fails is kept in the
# package's testdata/fuzz, where every test run takes it up.
FUZZ_EACH ?= 2m
fuzz:
	@for file in $$(git grep -l '^func Fuzz' -- '*_test.go'); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' $$file); do \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_EACH) ./$$(dirname $$file) || exit 1; \
		done; \
	done

# MariaDB's answers to many expressions, which the tests compare ours with, are asked for
# again. It is started for that alone; Debian has it in mariadb-server.
oracle:
	$(GO) run ./internal/mysqltest/cmd/record testdata/oracle

lint:
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -count=1 -run 'TestImports|TestOutsideImports|TestHouse' . ./internal/house

# n = 6, so that benchstat can tell a difference from noise.
bench:
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./... | tee bench.out

docs:
	$(GO) run ./internal/gendocs

kafka-start:
	@$(GO) run ./internal/kafkatest/cmd/kafka start --dir $(KAFKADIR)

kafka-stop:
	@$(GO) run ./internal/kafkatest/cmd/kafka stop --dir $(KAFKADIR)
