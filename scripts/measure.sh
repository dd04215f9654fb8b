#!/bin/bash
# Runs the benchmark or the soak test: scripts/measure.sh bench, or scripts/measure.sh soak. Downloads come first, since
# the rest runs without a network. Everything is built with the release profile, like the shipped binary.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:?"bench or soak"}
scripts/test-tools.sh
natives/fetch.sh
cargo build --release --locked --workspace --bins --bench "$what"
exec cargo bench --quiet --locked --workspace --bench "$what"
