# One command each. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

LISTEN ?= 127.0.0.1:7420
DATA ?= ./probity-data
# Release binaries carry Swift's runtime, so that they run where Swift is not installed.
RELEASE := -c release --static-swift-stdlib
PROBITY := .build/release/probity
GENERATED := Sources/CProbityMessages
OURS := Package.swift Sources Tests Benchmarks

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: run
run: build-release ## Build in release and start the daemon on loopback
	$(PROBITY) serve --listen $(LISTEN) --data $(DATA)

.PHONY: build-release
build-release: packages
	swift build $(RELEASE) --product probity

.PHONY: packages
packages:
	@.ci/install-packages build

.PHONY: test-packages
test-packages:
	@.ci/install-packages test

.PHONY: test
test: RUNS = 8
test: test-packages test-debug test-release race sim harness end-to-end quarter broken-disks crash replay ## Run every test there is
	@echo "All suites passed."

.PHONY: test-debug
test-debug: test-packages ## The unit tests
	swift test

.PHONY: test-release
test-release: packages ## The golden file once more, as the release build computes it
	swift build $(RELEASE) --product golden-check
	.build/release/golden-check Tests/Golden

.PHONY: race
race: packages ## Readers against the writer under ThreadSanitizer
	swift build --sanitize=thread --product store-race --scratch-path .build/tsan
	.build/tsan/debug/store-race 10

.PHONY: race-server
race-server: packages ## The server and its event loops under ThreadSanitizer: minutes to build
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.txt swift test --sanitize=thread \
	  --scratch-path .build/tsan --filter 'ProbityServerTests|ReactorTests'

# Seeds of `make sim`; each planted bug must be found within PLANTS of them.
SEEDS ?= 300
FIRST ?= 1
PLANTS ?= 300

.PHONY: sim
sim: packages ## The engine on a simulated disk: SEEDS=300 FIRST=1
	swift build $(RELEASE) --product durability-simulation
	.build/release/durability-simulation --seeds $(SEEDS) --first $(FIRST) --plant-seeds $(PLANTS)

TARGET ?= log
SECONDS ?= 60
FUZZ := .build/fuzz

.PHONY: fuzz
fuzz: packages ## Damaged files for a reader: TARGET=log or snapshot, SECONDS=60
	swift build -c release --sanitize=fuzzer --package-path Tests/Fuzz --scratch-path $(FUZZ) --product fuzz-$(TARGET)
	mkdir -p $(FUZZ)/corpus/$(TARGET)
	$(FUZZ)/release/fuzz-$(TARGET) -max_total_time=$(SECONDS) -max_len=24000 \
	  -rss_limit_mb=1024 -malloc_limit_mb=64 -print_final_stats=1 -artifact_prefix=$(FUZZ)/ \
	  $(FUZZ)/corpus/$(TARGET) Tests/Fuzz/Corpus/$(TARGET)

.PHONY: end-to-end
end-to-end: test-packages build-release ## The release daemon, spoken to in Python and by the CLI
	Tests/EndToEnd/run.sh $(PROBITY)

.PHONY: harness
harness: test-packages ## What compares with other servers, and with rivals, without any: figures, tables, refusals
	PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s Tests/Harness
	Benchmarks/Judgement/python.sh -m unittest discover -s Benchmarks/Judgement

.PHONY: broken-disks
broken-disks: test-packages build-release ## The release daemon on full, failing and damaged disks
	Tests/Crash/run.sh $(PROBITY)

RUNS ?= 500

.PHONY: crash
crash: test-packages build-release ## Kill the release daemon and count what it kept: RUNS=500 SEED=1
	Tests/EndToEnd/python.sh $(PROBITY) Tests/Crash/crash.py --runs $(RUNS) $(if $(SEED),--seed $(SEED))

.PHONY: replay
replay: build-release ## Real marketplaces through a real daemon, if their data is there
	Benchmarks/Replay/replay.sh $(PROBITY)

.PHONY: judge
judge: build-release ## How well scores foresee, beside rivals, if the data is there; attacks and fairness, simulated
	$(BENCH) --product judgement-simulation
	mkdir -p Benchmarks/.build/judgement
	$(BENCH_BIN)/judgement-simulation --json Benchmarks/.build/judgement/simulations.json
	Benchmarks/Judgement/judge.sh $(PROBITY) \
	  --simulations Benchmarks/.build/judgement/simulations.json $(OPTIONS)

.PHONY: dispute-day
dispute-day: build-release ## A day of disputes at a real daemon: what is decided, why, and what it costs
	swift build $(RELEASE) --product dispute-day
	Tests/DisputeDay/run.sh $(PROBITY) .build/release/dispute-day $(OPTIONS)

.PHONY: quarter
quarter: build-release test-packages ## A quarter of a marketplace: who is cleared out, and the committee's reports in a browser
	swift build $(RELEASE) --product market-quarter
	Tests/Quarter/run.sh $(PROBITY) .build/release/market-quarter $(OPTIONS)

BENCH := swift build $(RELEASE) --package-path Benchmarks
BENCH_BIN := Benchmarks/.build/release

.PHONY: build-bench
build-bench: build-release
	$(BENCH) --product loopback-bench

# A place of its own: the tool builds with other settings, and each would undo the other's work.
SUITE := Benchmarks/.build/suite
# Which benchmarks, as a regular expression; sizes of tables, such as 1000000,100000000.
FILTER ?= .*
ACCOUNTS ?=

.PHONY: bench-packages
bench-packages:
	@.ci/install-packages bench

.PHONY: build-peers
build-peers: bench-packages build-bench
	$(MAKE) -C Benchmarks/Peers/grpc

.PHONY: core-bench
core-bench: packages ## Time the decision core, table, codec and log: FILTER=judge.* ACCOUNTS=1000000
	PROBITY_BENCHMARK_ACCOUNTS=$(ACCOUNTS) swift package --package-path Benchmarks \
	  --scratch-path $(SUITE) benchmark --grouping metric --no-progress --filter '$(FILTER)'

UPDATE ?=

.PHONY: count-instructions
count-instructions: ## Hold their instructions and allocations to the thresholds: UPDATE=1 writes those
	@.ci/install-packages count
	$(BENCH) --product count-operations
	python3 Benchmarks/Harness/count_instructions.py $(if $(UPDATE),--update)

# Of the scripts below: `make compare OPTIONS="--quick --rows score batch"`; each has --help.
OPTIONS ?=
HARNESS := Benchmarks/Harness

.PHONY: compare
compare: build-peers ## Everything beside Redis, memcached and gRPC: the table of Docs/PERFORMANCE.md
	python3 $(HARNESS)/compare.py $(OPTIONS)

.PHONY: compare-lookups
compare-lookups: build-peers ## Time lookups over loopback beside Redis, memcached and gRPC
	python3 $(HARNESS)/compare_lookups.py $(OPTIONS)

.PHONY: scale
scale: bench-packages build-bench ## How cost grows from 1 M to 100 M accounts: a table and a picture
	$(HARNESS)/python.sh $(HARNESS)/scale.py $(OPTIONS)

.PHONY: compare-durable
compare-durable: bench-packages build-bench ## Time durable recording beside Redis
	python3 $(HARNESS)/compare_durable.py $(OPTIONS)

.PHONY: compare-restart
compare-restart: bench-packages build-bench ## Time restarts with 10 M accounts beside Redis
	python3 $(HARNESS)/compare_restart.py $(OPTIONS)

.PHONY: snapshot-pause
snapshot-pause: bench-packages build-bench ## Time lookups during a snapshot beside Redis
	python3 $(HARNESS)/snapshot_pause.py $(OPTIONS)

.PHONY: population
population: bench-packages build-bench ## Time rescores beside lookups, and recording beside watchers
	python3 $(HARNESS)/population.py $(OPTIONS)

.PHONY: judgement-simulation
judgement-simulation: packages ## What attacks bring and honest people suffer: OPTIONS="--policy FILE --json FILE"
	$(BENCH) --product judgement-simulation
	$(BENCH_BIN)/judgement-simulation $(OPTIONS)

.PHONY: allocations
allocations: build-bench ## Count the daemon's heap allocations per lookup
	python3 Benchmarks/Allocations/allocations.py

.PHONY: growth
growth: packages ## Time every insertion into a growing table
	swift build $(RELEASE) --product store-growth
	.build/release/store-growth 10000000

.PHONY: format
format: ## Format the sources
	swift format -i -r $(OURS)

.PHONY: lint
lint: ## Check the format
	swift format lint --strict -r $(OURS)

.PHONY: proto
proto: test-packages ## Generate the C messages anew
	rm -rf .build/proto && mkdir -p .build/proto
	cd Protos && protoc-c --c_out=../.build/proto probity/v1/integrity.proto
	cp .build/proto/probity/v1/integrity.pb-c.h $(GENERATED)/include/probity/v1/
	cp .build/proto/probity/v1/integrity.pb-c.c $(GENERATED)/

.PHONY: proto-check
proto-check: proto ## Fail if the generated messages are not those checked in
	git diff --exit-code -- $(GENERATED)
	@test -z "$$(git status --porcelain -- $(GENERATED))"

.PHONY: clean
clean: ## Remove what was built
	rm -rf .build Benchmarks/.build
