#!/bin/bash
# Runs the whole suite several times under load and prints how often each test failed. A test that fails once in many
# runs is a broken test or a broken product.
#
# FLAKES_RUNS: the number of runs (10). FLAKES_LOAD: the number of busy loops (one per core). FLAKES_FILTER: a nextest
# filter expression to select tests, such as 'test(stories::lease)'.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${FLAKES_RUNS:-10}
cores=$(getconf _NPROCESSORS_ONLN)
load=${FLAKES_LOAD:-$cores}
filter=${FLAKES_FILTER:-all()}
logs=${CARGO_TARGET_DIR:-target}/flakes
junit=${CARGO_TARGET_DIR:-target}/nextest/flakes/junit.xml

scripts/test-tools.sh
TELETHON_PYTHON=$(realpath -s "${CARGO_TARGET_DIR:-target}/telethon/bin/python")
export TELETHON_PYTHON
natives/fetch.sh
cargo nextest --version >/dev/null 2>&1 || {
    echo "flakes: installing cargo-nextest"
    cargo install cargo-nextest --locked
}
# The end-to-end tests start programs and libraries that only a whole build makes.
cargo build --workspace --all-targets --locked

busy=()
trap '[ ${#busy[@]} -eq 0 ] || kill "${busy[@]}" 2>/dev/null' EXIT
trap 'exit 130' INT TERM
for ((i = 0; i < load; i++)); do
    yes >/dev/null &
    busy+=($!)
done

rm -rf "$logs"
mkdir -p "$logs"
failed_runs=0
for ((run = 1; run <= runs; run++)); do
    rm -f "$junit"
    began=$SECONDS
    said=well
    # As many at once as `make test` runs.
    cargo nextest run --workspace --locked --profile flakes --no-fail-fast --test-threads $((2 * cores)) \
        --filterset "$filter" \
        >"$logs/run-$run.log" 2>&1 || said=failed
    [ ! -f "$junit" ] || mv "$junit" "$logs/run-$run.xml"
    echo "flakes: run $run of $runs beside $load busy loops: $said after $((SECONDS - began)) s"
    if [ $said = failed ]; then
        failed_runs=$((failed_runs + 1))
        # A run that reports nothing did not get as far as the tests.
        [ -f "$logs/run-$run.xml" ] || { tail -n 20 "$logs/run-$run.log" >&2; exit 1; }
    else
        rm -f "$logs/run-$run.log"
    fi
done

python3 - "$runs" "$logs"/run-*.xml <<'TABLE'
import collections, sys, xml.etree.ElementTree as tree

runs, failures = sys.argv[1], collections.Counter()
for file in sys.argv[2:]:
    for test in tree.parse(file).iter("testcase"):
        if test.find("failure") is not None or test.find("error") is not None:
            failures[f"{test.get('classname')} {test.get('name')}"] += 1
if not failures:
    print(f"flakes: no test failed in {runs} runs")
else:
    print("test | failures/runs\n--- | ---")
    for test, count in failures.most_common():
        print(f"{test} | {count}/{runs}")
TABLE
if [ $failed_runs -gt 0 ]; then
    echo "flakes: $failed_runs of $runs runs failed; their logs are in $logs"
    exit 1
fi
