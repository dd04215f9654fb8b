# `make` alone lists the commands.

.DEFAULT_GOAL := help
.PHONY: help demo test flakes bench soak lint fmt build sbom natives clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## try Telescope with a local Telegram server and test accounts; no API keys, no network
	@scripts/demo.sh

test: ## run every test; installs what they need where it is allowed to
	@scripts/test.sh

flakes: ## run every test ten times under load and list the failures; FLAKES_RUNS and FLAKES_LOAD change that
	@scripts/flakes.sh

bench: ## measure the cost of Telescope compared with bare TDLib; half an hour with the build
	@scripts/measure.sh bench

soak: ## run an hour of kills and outages; SOAK_MINUTES, SOAK_ACCOUNTS and SOAK_KILLS change that
	@scripts/measure.sh soak

lint: natives ## check formatting and run clippy; warnings are errors
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@# Alone, as a release is built: other packages of the workspace switch on features that this one may lack.
	cargo check --package telescope --locked

fmt: ## format the code
	cargo fmt --all

build: natives ## build the release binary: target/release/telescope
	cargo build --release --locked --bin telescope

sbom: ## list what a release consists of, as CycloneDX: target/sbom.cdx.json; needs python3
	@mkdir -p target && scripts/sbom.py target/sbom.cdx.json

natives: ## download TDLib and htmx and verify their checksums
	@natives/fetch.sh

clean: ## remove what was built and downloaded; data is kept
	cargo clean
	rm -rf natives/linux natives/darwin natives/windows static/vendor
