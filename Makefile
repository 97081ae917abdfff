# The menu. Each entry is one script or one cargo call; nothing needs make to work.

.DEFAULT_GOAL := help
.PHONY: help build demo test unit parity parity-check fuzz lint fmt bench ci

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

build: ## static release binaries; prints their directory
	scripts/build

demo: ## the whole of it: master, three containers, the formula twice
	demo/run

test: ## every test, in containers too (as root)
	tests/run

unit: ## the tests that need no container engine and no other binaries
	cargo test --workspace --exclude rsalt-tests

parity: ## record anew what real Salt answers, and show what changed
	tests/parity/record.py
	git diff --stat -- tests/parity/cases

parity-check: ## compare the recorded answers with real Salt, write nothing
	tests/parity/record.py --check

fuzz: ## every fuzz target for ten seconds (scripts/fuzz SECONDS TARGET… for more)
	scripts/fuzz

lint: ## formatting and clippy, as CI has them
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

fmt: ## format everything
	cargo fmt --all

bench: ## timings of whole processes, as a table
	benches/processes
	benches/state_language
	benches/swarm

ci: ## what must pass
	.ci/run
