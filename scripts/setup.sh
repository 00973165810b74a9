#!/usr/bin/env bash
# Looks for the tools, and brings those that tests need. With --build-only it only looks for what
# building and the demo need, with --bench it brings what the bench compares with. Does nothing the
# second time.
set -euo pipefail
cd "$(dirname "$0")/.."

give_up() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

need_rust() {
  has cargo || give_up 'cargo is missing: install Rust, as https://rustup.rs describes.'
}

need_node() {
  has node && has npm || give_up 'Node.js is missing: version 20.19 or later is needed, with npm.'
  # The same rule as "engines" in web/package.json.
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' ||
    give_up "Node.js $(node --version) does not do: 20.19 or later of 20, or 22.12 or later, is needed."
}

# Installs packages of Debian where that is possible, or says how: NAME PACKAGES WHAT-ELSE-TO-DO.
need_debian() {
  local install="apt-get update && apt-get install --yes --no-install-recommends $2"
  local how="$1 is missing. On Debian: $install
$3"
  has apt-get || give_up "$how"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    has sudo && sudo -n true 2>/dev/null || give_up "$how"
    as_root=(sudo -n)
  fi
  echo "== setup: $1"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" sh -c "{ $install; } >/dev/null" || give_up "$how"
}

need_chromium() {
  has chromium || [ -n "${CHROMIUM:-}" ] && return
  need_debian Chromium 'chromium fonts-liberation' \
    'Elsewhere install it, and name the program in the variable CHROMIUM.'
}

# Its package also has a service for systemd, which the tests neither need nor start.
need_janus() {
  has janus && return
  need_debian Janus janus 'Elsewhere there is no way yet: the tests start /usr/bin/janus.'
}

# The tests start a server of their own; the one that the package sets up is not used.
need_postgres() {
  scripts/with-postgres.sh --find >/dev/null 2>&1 && return
  need_debian PostgreSQL postgresql 'Elsewhere install the server, with initdb in the PATH.'
}

# To look at the memory of a process.
need_gdb() {
  has gcore && return
  need_debian gcore gdb 'Elsewhere it comes with gdb.'
}

# Made anew when the requirements change.
need_exchangelib() {
  local venv=interop/.venv
  cmp --silent interop/requirements.txt "$venv/requirements.txt" && return
  has python3 || give_up 'python3 is missing: it runs exchangelib, a foreign Exchange client.'
  echo '== setup: exchangelib'
  rm -rf "$venv"
  python3 -m venv "$venv" || give_up 'python3 cannot make environments. On Debian: apt-get install python3-venv'
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement interop/requirements.txt
  cp interop/requirements.txt "$venv/requirements.txt"
}

# What drives the browser, the second foreign client, the validator of the Webex contract, and a
# sign-in provider.
need_npm_packages() {
  local made=interop/node_modules/.package-lock.json
  [ -e "$made" ] && [ ! interop/package-lock.json -nt "$made" ] && return
  echo '== setup: what drives the browser, ews-javascript-api, Prism, and oidc-provider'
  (cd interop && npm ci --no-audit --no-fund --loglevel=error)
  touch "$made"
}

need_rust
if [ "${1:-}" = --bench ]; then
  need_postgres
  need_exchangelib
  exit
fi
need_node
[ "${1:-}" = --build-only ] && exit
need_chromium
need_janus
need_postgres
need_gdb
need_exchangelib
need_npm_packages
