#!/bin/bash
# Runs one of the two programs that measure: scripts/measure.sh bench, or scripts/measure.sh soak. All that needs
# the network comes first; figures are of the program that ships, so everything is built as that is.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:?"bench or soak"}
scripts/test-tools.sh
natives/fetch.sh
cargo build --release --locked --workspace --bins --bench "$what"
exec cargo bench --quiet --locked --workspace --bench "$what"
