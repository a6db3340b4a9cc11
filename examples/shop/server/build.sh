#!/bin/sh
# Compiles the server. usage: server/build.sh VERSION OUTPUT
#
# Uses the `rustc` of the PATH. Where that is a proxy of rustup which does not find its toolchains, because they are not
# in the home folder, it looks for them beside the proxy.
set -eu
rustc=rustc
if ! rustc --version >/dev/null 2>&1; then
  proxies=$(dirname "$(command -v rustc)")
  for candidate in "$proxies"/../../.rustup/toolchains/*/bin/rustc "$proxies"/../../rustup/toolchains/*/bin/rustc; do
    if [ -x "$candidate" ]; then
      rustc=$candidate
    fi
  done
fi
SHOP_VERSION=$1 exec "$rustc" --edition 2021 -O -D warnings -o "$2" server/main.rs
