#!/bin/sh
# Downloads the two files that Telescope needs and does not keep in its repository: the TDLib library and htmx.
#
# Both come from the npm registry through the configured npm client, so mirrors and proxies keep working. The package
# and each file taken from it are compared with the SHA-512 below: only the files that this version of Telescope was
# tested with are installed. Files that are already there with the right checksum are kept, so running the script again
# takes a second.
# `natives/fetch.sh axe FOLDER` downloads axe instead, the accessibility checker that only the tests use.
set -eu

cd "$(dirname "$0")/.."

say() { printf 'natives: %s\n' "$*"; }
fail() { printf 'natives: %s\n' "$*" >&2; exit 1; }

sha512() {
    if command -v sha512sum >/dev/null 2>&1; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d' ' -f1
}

# verified FILE SHA512: does FILE exist with this checksum?
verified() { [ -f "$1" ] && [ "$(sha512 "$1")" = "$2" ]; }

# download PACKAGE@VERSION SHA512: leaves the verified and unpacked package in $work/package.
download() {
    command -v npm >/dev/null 2>&1 ||
        fail "npm is missing. It comes with Node.js (Debian: apt-get install npm); only this step needs it."
    say "downloading $1"
    rm -rf "$work/package" "$work"/*.tgz
    if ! (cd "$work" && npm pack --ignore-scripts --loglevel=error "$1" >npm.out 2>npm.err); then
        sed 's/^/    /' "$work/npm.err" >&2
        fail "npm could not fetch $1. Check the network connection and whether npm can reach its registry (npm ping)."
    fi
    for archive in "$work"/*.tgz; do :; done
    got=$(sha512 "$archive")
    [ "$got" = "$2" ] || fail "$1 is not the package that was tested: its SHA-512 is $got, expected $2. Nothing was installed."
    tar -xzf "$archive" -C "$work"
}

# install_file FILE_IN_PACKAGE TARGET SHA512: installs one verified file atomically.
install_file() {
    verified "$work/package/$1" "$3" || fail "$1 inside the package is not the file that was tested. Nothing was installed from it."
    mkdir -p "$(dirname "$2")"
    cp "$work/package/$1" "$2.new"
    chmod 644 "$2.new"
    mv -f "$2.new" "$2"
    say "$2"
}

htmx=c6ca5adedf4caf32e4c1d7e8ebb2dbb2eb16faddf3d8b1b5723900f2c7985c7de45a890b4e5646acd3cd1992671c5f5aa6fdf687a43847c5d60425b8122369b4
sse=6b27b224b558e2377779c33d1c15d7d93c57bfb9952df3fa85feb59dd5df0a1fbfca9bfe30bc96b8bb17df5c21a7de1c4f48ddfc9ca681c41ce5f0b316fa3a4d
htmx_package=a05ec98178435bd5170b2fe4d59605510833bbfae6d7d39158f48f34bf75bcf96e0763c1f7e315e79b7241d1ffc3ba361006d36141b94835b547ad2676476a1a
tdlib_linux_x64=de4b6c9ea72632055d5db1ec330cebbf1ad607c265a98cf3e63ac22067777a0e9b3c54e71c9d8c61f431c60f66f5edac62abe4068f0d136ed7a20144e786c55d
tdlib_linux_x64_package=f806cc17a5a8b676059b6999eeb247e272ea798fb62925671b2a26793a1e69c7d4211650c5e9ead4f8c35e9d931ef7a3a5f789a1ac0652d55fb9f82e7d425646

axe=e63e659f9806d7ae5bd40899043b0871a5062c5442b01b3f1a3edf5eaf50bf5c3a7104a72463293b4ad1b77c661a0d4e40e850dec89de9d6ece70a8c13a9af17
axe_package=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if [ "${1:-}" = axe ]; then
    folder=${2:?"usage: natives/fetch.sh axe FOLDER"}
    if verified "$folder/axe.min.js" $axe; then
        say "axe 4.14.1 is in place"
    else
        download axe-core@4.14.1 $axe_package
        install_file axe.min.js "$folder/axe.min.js" $axe
    fi
    exit 0
fi

if verified static/vendor/htmx.min.js $htmx && verified static/vendor/hx-sse.min.js $sse; then
    say "htmx 4.0.1 is in place"
else
    download htmx.org@4.0.1 $htmx_package
    install_file dist/htmx.min.js static/vendor/htmx.min.js $htmx
    install_file dist/ext/hx-sse.min.js static/vendor/hx-sse.min.js $sse
fi

if [ -n "${TDLIB_LIBRARY:-}" ]; then
    say "TDLIB_LIBRARY is set to $TDLIB_LIBRARY, so TDLib is not downloaded"
    exit 0
fi
case "$(uname -s) $(uname -m)" in
"Linux x86_64")
    if verified natives/linux/lib/libtdjson.so $tdlib_linux_x64; then
        say "TDLib 1.8.61 is in place"
    else
        download @prebuilt-tdlib/linux-x64-glibc@0.1008061.0 $tdlib_linux_x64_package
        install_file libtdjson.so natives/linux/lib/libtdjson.so $tdlib_linux_x64
    fi
    ;;
*)
    # Packages for other systems exist, but none of them has been tested and pinned yet.
    fail "TDLib is pinned for Linux on x86_64 with glibc only. Elsewhere build TDLib 1.8.61 (tdjson) and set TDLIB_LIBRARY to the file."
    ;;
esac
