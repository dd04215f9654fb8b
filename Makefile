# The whole workshop. `make` alone lists what there is.

.DEFAULT_GOAL := help
.PHONY: help demo test flakes bench soak lint fmt build sbom natives clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## try Telescope: a Telegram of its own, test accounts, no API keys, no network
	@scripts/demo.sh

test: ## run every test; installs what the tests need where it may
	@scripts/test.sh

flakes: ## run every test FLAKES_RUNS times (10) beside a load, and list those that ever failed
	@scripts/flakes.sh

bench: ## what Telescope costs beside the bare TDLib; half an hour with the build
	@scripts/measure.sh bench

soak: ## an hour of kills and outages; SOAK_MINUTES, SOAK_ACCOUNTS and SOAK_KILLS make it shorter
	@scripts/measure.sh soak

lint: natives ## what the compiler and clippy have to say; warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt: ## put the code into its form
	cargo fmt --all

build: natives ## the program that ships: target/release/telescope
	cargo build --release --locked --bin telescope

sbom: ## what a release consists of, as CycloneDX: target/sbom.cdx.json; needs python3
	@mkdir -p target && scripts/sbom.py target/sbom.cdx.json

natives: ## fetch TDLib and htmx, checked byte for byte
	@natives/fetch.sh

clean: ## remove what was built and fetched; data stays
	cargo clean
	rm -rf natives/linux natives/darwin natives/windows static/vendor
