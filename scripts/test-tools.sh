#!/bin/bash
# Installs what the tests need besides Rust: Chromium and Firefox with their drivers, the binaries of Postgres,
# PgBouncer, nginx, Squid and microsocks, Telethon and a mail server in virtual environments, axe, and an OpenID
# provider. Missing system packages are installed on Debian-like systems when running as root; elsewhere the script
# names them and fails. No test is skipped because something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
have() { command -v "$1" >/dev/null 2>&1; }
need() { # need PACKAGE: a required package is missing
    packages+=("$1")
}

have cc || need build-essential
have npm || need npm
have chromium || need chromium
have chromedriver || need chromium-driver
have firefox || have firefox-esr || need firefox-esr
have ip || need iproute2
have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need postgresql
have pgbouncer || [ -x /usr/sbin/pgbouncer ] || need pgbouncer
have nsenter || need util-linux
have microsocks || need microsocks
have squid || [ -x /usr/sbin/squid ] || need squid
have nginx || [ -x /usr/sbin/nginx ] || need nginx-light
have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv

if [ ${#packages[@]} -gt 0 ]; then
    if ! have apt-get || [ "$(id -u)" != 0 ]; then
        echo "test: the tests need ${packages[*]} (Debian package names). Install them and run this again." >&2
        exit 1
    fi
    echo "test: installing ${packages[*]}"
    case " ${packages[*]} " in
    *" postgresql "*)
        # Only the binaries are needed, not a running server: the tests create their own clusters.
        mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        ;;
    esac
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
fi

# Firefox's driver, which Debian does not package. Built without optimization: it only passes commands on.
home=${CARGO_TARGET_DIR:-target}/geckodriver
if ! have geckodriver && [ ! -x "$home/bin/geckodriver" ]; then
    echo "test: building geckodriver in $home"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install geckodriver --version 0.37.1 --locked --debug --quiet \
        --root "$home" --target-dir "$home/build" || {
        echo "test: cargo could not build geckodriver, which the tests need. Check the network connection." >&2
        exit 1
    }
    rm -rf "$home/build"
fi

python_tool() { # python_tool NAME REQUIREMENTS FOLDER: an environment of its own, kept out of the system's Python
    local home=${CARGO_TARGET_DIR:-target}/$3
    cmp -s "$2" "$home/requirements.txt" && return
    echo "test: installing $1 in $home"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$2" || {
        echo "test: pip could not fetch $1, which the tests need. Check the network connection." >&2
        exit 1
    }
    cp "$2" "$home/requirements.txt"
}
# A second, independent client of Telegram, and an SMTP server.
python_tool Telethon sandbox/tests/requirements.txt telethon
python_tool aiosmtpd tests/mail-server/requirements.txt mail-server

# axe checks the pages for accessibility; the tests inject it into the browser, and it is never shipped.
natives/fetch.sh axe "${CARGO_TARGET_DIR:-target}/axe"

# A real OpenID provider, pinned by its lock file; install scripts of its packages are not run.
home=${CARGO_TARGET_DIR:-target}/openid-provider
if ! cmp -s tests/openid-provider/package-lock.json "$home/installed.json"; then
    echo "test: installing the OpenID provider in $home"
    rm -rf "$home"
    mkdir -p "$home"
    cp tests/openid-provider/package.json tests/openid-provider/package-lock.json "$home/"
    (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || {
        echo "test: npm could not fetch oidc-provider, which the tests need. Check the network connection." >&2
        exit 1
    }
    cp tests/openid-provider/package-lock.json "$home/installed.json"
fi
