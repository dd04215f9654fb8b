#!/bin/bash
# Telescope, tried out: the real program and the real TDLib, against a Telegram of our own on this machine.
# Everything it keeps is in data/demo; removing that folder starts anew.
set -euo pipefail
cd "$(dirname "$0")/.."

page=127.0.0.1:${DEMO_PORT:-8888}
phones=127.0.0.1:${DEMO_PHONES_PORT:-8889}
data=$PWD/data/demo
programs=${CARGO_TARGET_DIR:-target}/debug

command -v cargo >/dev/null || { echo "demo: cargo is missing. Rust comes with rustup." >&2; exit 1; }
command -v cc >/dev/null || { echo "demo: a C compiler is missing (Debian: apt-get install build-essential)." >&2; exit 1; }
natives/fetch.sh
if [ ! -x "$programs/telescope" ] || [ ! -x "$programs/telescope-sandbox" ]; then
    echo "demo: building. The first time takes some five minutes on two cores, later ones seconds."
fi
cargo build --workspace --bins --locked

mkdir -p "$data"
chmod 700 "$data"
cat <<STORY

  Telescope        http://$page
  Pretend phones   http://$phones      what each made-up phone receives; it stands in for the owner's handset

  A made-up organisation of a dozen accounts signs in while Telescope starts, for the first time only.

  What to try
   1. Open Telescope and sign in as admin@example.org (any made-up address works, and nobody asks for a password).
   2. "Add test account": a row with a test number appears and says "Signed out".
   3. "Ask for a code" in its row, and once more in the box that opens.
   4. On the Phones page the number has a phone now: read the code there, and give it a two-step password.
   5. Type the code, then the password; mistype one first, if you like. The row becomes "Ready" while you look.
   6. Stop with Ctrl-C and run "make demo" again: the account is ready, and no new code was asked for.

  Ctrl-C stops everything. What is kept is in data/demo.

STORY

# Set here, so that a .env for something else has no say.
export SSO_MODE=mock ADMIN_EMAILS=admin@example.org PUBLIC_URL=http://$page
export DATA_DIR=$data ACCOUNTS_DIR=$data/accounts DB_DSN=sqlite:$data/telescope.db
export LOG=${LOG:-warn} SANDBOX_LOG=${SANDBOX_LOG:-warn}
# The organisation signs in while you look; it is done once.
node scripts/demo-organisation.mjs "http://$page" "http://$phones" &
exec "$programs/telescope-sandbox" run --data "$data/sandbox" --listen "$page" --phones "$phones" \
    ${DEMO_WITH_NETWORK:+--with-network} --library "${TDLIB_LIBRARY:-natives/linux/lib/libtdjson.so}" -- "$programs/telescope" serve
