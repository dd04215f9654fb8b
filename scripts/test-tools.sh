#!/bin/bash
# Sees to it that what the tests need beside Rust is there: a browser and its driver, Postgres' programs, a Python with
# Telethon in an environment of its own, axe, and an OpenID provider. On a Debian-like system and as root it installs
# what is missing; elsewhere it names it. A test is never skipped because something is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
have() { command -v "$1" >/dev/null 2>&1; }
need() { # need PACKAGE: what is missing is in this package
    packages+=("$1")
}

have cc || need build-essential
have npm || need npm
have chromium || need chromium
have chromedriver || need chromium-driver
have ip || need iproute2
have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need postgresql
have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv

if [ ${#packages[@]} -gt 0 ]; then
    if ! have apt-get || [ "$(id -u)" != 0 ]; then
        echo "test: the tests need ${packages[*]} (Debian's names); install them and run again." >&2
        exit 1
    fi
    echo "test: installing ${packages[*]}"
    case " ${packages[*]} " in
    *" postgresql "*)
        # Its programs are wanted, not a server that runs: the tests make clusters of their own.
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        ;;
    esac
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
fi

# Telethon is a second, independent client; it stays out of the system's Python.
home=${CARGO_TARGET_DIR:-target}/telethon
requirements=sandbox/tests/requirements.txt
if ! cmp -s "$requirements" "$home/requirements.txt"; then
    echo "test: preparing Telethon in $home"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" || {
        echo "test: pip could not fetch Telethon, the tests' second client. Is the network there?" >&2
        exit 1
    }
    cp "$requirements" "$home/requirements.txt"
fi

# axe looks for barriers in the pages; it is put into them by the tests' browser, never shipped.
natives/fetch.sh axe "${CARGO_TARGET_DIR:-target}/axe"

# A real OpenID provider, of the versions that its lock file names and checks; none of its packages runs anything here.
home=${CARGO_TARGET_DIR:-target}/openid-provider
if ! cmp -s tests/openid-provider/package-lock.json "$home/installed.json"; then
    echo "test: preparing the OpenID provider in $home"
    rm -rf "$home"
    mkdir -p "$home"
    cp tests/openid-provider/package.json tests/openid-provider/package-lock.json "$home/"
    (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || {
        echo "test: npm could not fetch oidc-provider, the tests' identity provider. Is the network there?" >&2
        exit 1
    }
    cp tests/openid-provider/package-lock.json "$home/installed.json"
fi
