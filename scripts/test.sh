#!/bin/bash
# Runs every test. Everything that needs the network (tools, libraries, packages, the build) comes first; the tests
# themselves don't need it.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/test-tools.sh
TELETHON_PYTHON=$(realpath -s "${CARGO_TARGET_DIR:-target}/telethon/bin/python")
export TELETHON_PYTHON
natives/fetch.sh
# Builds everything first: the end-to-end tests start the binaries of the workspace.
cargo build --workspace --all-targets --locked

# Tests mostly wait: for processes, pages and timers.
RUST_TEST_THREADS=$((2 * $(getconf _NPROCESSORS_ONLN)))
export RUST_TEST_THREADS

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
# Documentation examples first, so that the output ends with the end-to-end tests.
cargo test --workspace --locked --doc 2>&1 | tee "$log" || failed=1
cargo test --workspace --locked --lib --bins --tests --examples --no-fail-fast 2>&1 | tee -a "$log" || failed=1

# Adds up the counts that the test programs printed. A program that ended without a count is a failure.
awk -v failed="$failed" '
    /^test result: / { passed += $4; failures += $6; skipped += $8 }
    END {
        if (failed && !failures) failures = 1
        printf "total: %d passed, %d failed, %d skipped\n", passed, failures, skipped
        exit failed || !passed || skipped
    }' "$log"
