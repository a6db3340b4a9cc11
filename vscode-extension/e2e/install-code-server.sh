#!/usr/bin/env bash
# Installs a real VS Code as a server (code-server) below DIR, from the npm registry alone: install-code-server.sh DIR
# Newer versions of code-server want newer versions of Node.
set -euo pipefail
mkdir -p "$1"
cd "$1"
[ -f package.json ] || npm init -y >/dev/null
# The headers of Node, where they are installed with it; elsewhere they are fetched from nodejs.org.
NODE_FOLDER=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
HEADERS=""
[ -f "$NODE_FOLDER/include/node/node.h" ] && HEADERS="--nodedir=$NODE_FOLDER"
NPM=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
GYP="node $NPM/node_modules/node-gyp/bin/node-gyp.js rebuild $HEADERS"
QUIET="--no-audit --no-fund --loglevel=error --ignore-scripts"
npm install code-server@4.100.3 $QUIET
MODULES=$PWD/node_modules
VSCODE=$MODULES/code-server/lib/vscode
(
  cd "$VSCODE"
  npm install --omit=dev $QUIET
  ln -sfn node_modules node_modules.asar
  cd extensions
  npm install --omit=dev $QUIET
)
for module in node-pty @vscode/spdlog native-watchdog kerberos; do
  (cd "$VSCODE/node_modules/$module" && $GYP >/dev/null 2>&1)
done
# Its own installation would fetch this program from elsewhere.
mkdir -p "$VSCODE/node_modules/@vscode/ripgrep/bin"
ln -sfn "$(command -v rg)" "$VSCODE/node_modules/@vscode/ripgrep/bin/rg"
cd "$MODULES/argon2"
node ../@mapbox/node-pre-gyp/bin/node-pre-gyp rebuild --build-from-source $HEADERS >/dev/null 2>&1
node -e "require('argon2')"
touch "$MODULES/.complete"
