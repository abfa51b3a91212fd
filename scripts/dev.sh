#!/usr/bin/env bash
# Everything a person or a CI job does with this project, from a fresh clone on. `./scripts/dev.sh help` lists the verbs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

node_version=24.21.0

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Node 24 comes from npm as an ordinary package where the machine's own is older.
ensure_node() {
  local local_bin="$root/.node/bin"
  [ -x "$local_bin/node" ] && export PATH="$local_bin:$PATH"
  local major
  major=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//' || true)
  [ "${major:-0}" -ge 24 ] && return
  command -v npm >/dev/null || fail "npm is missing: install any Node.js with npm; this script brings Node $node_version along by itself."
  local os arch
  case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) fail "Node >= 24 is needed: https://nodejs.org" ;; esac
  case "$(uname -m)" in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) fail "Node >= 24 is needed: https://nodejs.org" ;; esac
  say "Node is ${major:-missing}; fetching Node $node_version from npm into .node/ …"
  mkdir -p .node/package
  npm install --silent --no-save --no-package-lock --ignore-scripts --prefix .node/package "node-$os-$arch@$node_version" >&2
  mkdir -p "$local_bin"
  ln -sf "../package/node_modules/node-$os-$arch/bin/node" "$local_bin/node"
  export PATH="$local_bin:$PATH"
}

# Dependencies are those of the lock file; installed again only when it changes.
ensure_packages() {
  local wanted
  wanted=$(cksum package-lock.json package.json | cksum)
  [ "$(cat node_modules/.mdp-lock 2>/dev/null || true)" = "$wanted" ] && return
  say "Installing packages …"
  npm ci --silent >&2
  printf '%s' "$wanted" >node_modules/.mdp-lock
}

ensure_all() { ensure_node; ensure_packages; }

verb=${1:-help}
[ $# -gt 0 ] && shift
case "$verb" in
  node) ensure_node; exec node "$@" ;;
  exec) ensure_all; PATH="$root/node_modules/.bin:$PATH" exec "$@" ;;
  check)
    ensure_all
    export PATH="$root/node_modules/.bin:$PATH"
    tsc --noEmit
    oxlint --type-aware --deny-warnings
    vitest run tests/tidy.test.ts
    ;;
  vitest) ensure_all; exec node_modules/.bin/vitest run "$@" ;;
  *) fail "not built yet" ;;
esac
