#!/bin/bash
# The demo: the real binary and the real TDLib, with a local Telegram server. All data is in data/demo; delete that folder
# to start over.
set -euo pipefail
cd "$(dirname "$0")/.."

page=127.0.0.1:${DEMO_PORT:-8888}
phones=127.0.0.1:${DEMO_PHONES_PORT:-8889}
data=$PWD/data/demo
programs=${CARGO_TARGET_DIR:-target}/debug

command -v cargo >/dev/null || { echo "demo: cargo is missing. Install Rust with rustup." >&2; exit 1; }
command -v cc >/dev/null || { echo "demo: a C compiler is missing (Debian: apt-get install build-essential)." >&2; exit 1; }
natives/fetch.sh
if [ ! -x "$programs/telescope" ] || [ ! -x "$programs/telescope-sandbox" ]; then
    echo "demo: building. The first build takes about five minutes on two cores, later ones take seconds."
fi
cargo build --workspace --bins --locked

mkdir -p "$data"
chmod 700 "$data"
cat <<INTRODUCTION

  Telescope        http://$page
  Test phones      http://$phones      what the owner of each account would see on the phone

  At the first start the twelve accounts of a made-up organisation are logged in, which takes some seconds.

  What to try
   1. Open Telescope and sign in as admin@example.org, no password needed.
   2. Press "Add test account". A row appears with the status "Not logged in".
   3. Press "Log in..." in that row, then "Send login code".
   4. Open the test phones, read the code there, and set a two-step password if you like.
   5. Enter the code. Get it wrong first to see what happens. The row becomes "Ready" while you watch.
   6. Stop with Ctrl-C and run "make demo" again: the account is ready without a new code.

  Ctrl-C stops everything. Data is kept in data/demo; delete that folder to start over.

INTRODUCTION

# Set here so that a .env file doesn't change the demo.
export SSO_MODE=mock ADMIN_EMAILS=admin@example.org PUBLIC_URL=http://$page
export DATA_DIR=$data ACCOUNTS_DIR=$data/accounts DB_DSN=sqlite:$data/telescope.db
export LOG=${LOG:-warn} SANDBOX_LOG=${SANDBOX_LOG:-warn}
# Logs the organisation's accounts in, once.
node scripts/demo-organisation.mjs "http://$page" "http://$phones" &
exec "$programs/telescope-sandbox" run --data "$data/sandbox" --listen "$page" --phones "$phones" \
    ${DEMO_WITH_NETWORK:+--with-network} --library "${TDLIB_LIBRARY:-natives/linux/lib/libtdjson.so}" -- "$programs/telescope" serve
