#!/usr/bin/env bash
# Tests in a real VS Code: installs one below ORDAIN_E2E_CACHE, packs the extension, and drives the workbench in a browser.
#
#   ORDAIN_E2E_SERVER       the command; target/debug/ordain of this repository where it is not given
#   ORDAIN_E2E_CACHE        where the workbench is installed; target/vscode-e2e where it is not given
#   ORDAIN_E2E_SCREENSHOTS  where pictures go; out/screenshots where it is not given
#   CHROMIUM                the browser; /usr/bin/chromium where it is not given
#
# Where the browser or the workbench cannot be had, nothing is tested, and that is said.
set -euo pipefail
cd "$(dirname "$0")/.."
skip() {
  printf '\n*** SKIPPED: tests in a real VS Code: %s ***\n\n' "$1" >&2
  exit 0
}

export ORDAIN_E2E_SERVER="${ORDAIN_E2E_SERVER:-$PWD/../target/debug/ordain}"
export ORDAIN_E2E_CODE_SERVER="${ORDAIN_E2E_CACHE:-$PWD/../target/vscode-e2e}"
export ORDAIN_E2E_VSIX="$PWD/out/ordain-e2e.vsix"
export CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"

# code-server 4.100.3 needs Node 20: one that is there, or one from the registry.
is_20() { [ "$("$1" --print 'process.versions.node.split(".")[0]' 2>/dev/null)" = 20 ]; }
for candidate in $(type -aP node); do
  if is_20 "$candidate"; then
    PATH="$(dirname "$candidate"):$PATH"
    break
  fi
done
if ! is_20 node; then
  tools="$ORDAIN_E2E_CODE_SERVER/node"
  platform="$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
  [ -d "$tools" ] || npm install --no-audit --no-fund --loglevel=error --ignore-scripts --prefix "$tools" "node-$platform@20" ||
    skip "Node 20 cannot be had"
  PATH="$tools/node_modules/node-$platform/bin:$PATH"
fi
export PATH
if ! { [ -x "$CHROMIUM" ] && command -v rg >/dev/null; } && command -v apt-get >/dev/null; then
  packages="chromium ripgrep g++ make python3 libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >/dev/null 2>&1 || true
fi
[ -x "$CHROMIUM" ] || skip "there is no browser at $CHROMIUM"
command -v rg >/dev/null || skip "there is no ripgrep"
[ -x "$ORDAIN_E2E_SERVER" ] || skip "there is no command at $ORDAIN_E2E_SERVER; cargo build -p ordain makes it"
[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error || skip "the registry of npm cannot be reached"
if [ ! -e "$ORDAIN_E2E_CODE_SERVER/node_modules/.complete" ]; then
  echo "installing a workbench below $ORDAIN_E2E_CODE_SERVER; this takes about two minutes" >&2
  bash e2e/install-code-server.sh "$ORDAIN_E2E_CODE_SERVER" || skip "code-server could not be installed"
fi

mkdir -p out
npm run --silent package -- --out "$ORDAIN_E2E_VSIX" >/dev/null
[ $# -gt 0 ] || set -- e2e/*.test.mjs
exec node --test --test-concurrency=1 "$@"
