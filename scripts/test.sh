#!/bin/bash
# Every test there is. First all that needs the network (tools, libraries, packages, the build), then the tests
# themselves, which need none.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/test-tools.sh
TELETHON_PYTHON=$(realpath -s "${CARGO_TARGET_DIR:-target}/telethon/bin/python")
export TELETHON_PYTHON
natives/fetch.sh
# One build of everything, so that the programs that the end-to-end tests start are the ones just built.
cargo build --workspace --all-targets --locked

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
# The documentation's examples first, so that the end of the output tells of the stories.
cargo test --workspace --locked --doc 2>&1 | tee "$log" || failed=1
cargo test --workspace --locked --lib --bins --tests --examples --no-fail-fast 2>&1 | tee -a "$log" || failed=1

# Adds up the counts that the test programs printed, and counts as a failure what ended without one.
awk -v failed="$failed" '
    /^test result: / { passed += $4; failures += $6; skipped += $8 }
    END {
        if (failed && !failures) failures = 1
        printf "total: %d passed, %d failed, %d skipped\n", passed, failures, skipped
        exit failed || !passed || skipped
    }' "$log"
