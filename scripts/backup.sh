#!/usr/bin/env bash
# Backs up the database of a pipeline, which may run meanwhile, and its configuration. docs/disaster-recovery.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/database/client.sh
. "$here/database/client.sh"

usage() {
  cat <<'TEXT'
Usage: DATABASE_URL=postgres://… scripts/backup.sh [--to DIR] [--keep-days DAYS] [--config FILE]… [--verify]

  --to DIR          where the backups are kept; backups/ unless given
  --keep-days DAYS  older backups are removed once the new one is complete; 7 unless given
  --config FILE     a configuration file to keep too; config.yaml unless given; may be given several times
  --verify          restores the new backup into a database of its own on the same server, compares every table, and removes
                    that database again; the user needs CREATEDB

Prints the folder of the new backup. DATABASE_URL_FILE may name a file with the URL.
TEXT
}

to=backups
keep_days=7
verify=false
configs=()
while [ $# -gt 0 ]; do
  case "$1" in
    --to | --keep-days | --config) [ $# -gt 1 ] || fail "$1 needs a value. $0 --help lists the options." ;;
  esac
  case "$1" in
    --to) to=$2 && shift ;;
    --keep-days) keep_days=$2 && shift ;;
    --config) configs+=("$2") && shift ;;
    --verify) verify=true ;;
    -h | --help) usage && exit ;;
    *) fail "There is no option \"$1\". $0 --help lists the options." ;;
  esac
  shift
done
[[ $keep_days =~ ^[0-9]{1,5}$ ]] || fail "--keep-days is \"$keep_days\"; it must be a number of days."
if [ ${#configs[@]} = 0 ] && [ -e "$here/../config.yaml" ]; then configs=("$here/../config.yaml"); fi
for file in ${configs[@]+"${configs[@]}"}; do
  [ -r "$file" ] || fail "The configuration file $file cannot be read."
done

need_tools pg_dump pg_restore psql sha256sum
take_database_url
oldest=$(date -u -d "-$keep_days days" +%Y%m%dT%H%M%SZ 2>/dev/null) || oldest=$(date -u "-v-${keep_days}d" +%Y%m%dT%H%M%SZ)

# Rows may be secrets, and the configuration may hold some.
umask 077
mkdir -p "$to"
# Only what is complete has the name of a backup.
partial=$(mktemp -d "$to/.partial-XXXXXX")
trap 'rm -rf "$partial"' EXIT

# One snapshot for the dump and for what is counted: a pipeline may write meanwhile. The session holds it until its input ends.
coproc SNAPSHOT { exec psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d "$database_url" 2>"$partial/words"; }
answers=${SNAPSHOT[0]} questions=${SNAPSHOT[1]} session=$SNAPSHOT_PID

# The lines of an answer.
ask() {
  { printf '%s;\n' "$1" "SELECT 'end of the answer'" >&"$questions"; } 2>/dev/null || snapshot_failed
  local line
  while IFS= read -r line <&"$answers"; do
    [ "$line" != 'end of the answer' ] || return 0
    printf '%s\n' "$line"
  done
  snapshot_failed
}

snapshot_failed() { fail "The database cannot be read. Its words: $(cat "$partial/words")"; }

ask "$plain_text; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0;
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" >/dev/null
[ "$(ask "SELECT to_regclass('schema_version') IS NOT NULL")" = t ] ||
  fail "The database has no tables of mdp: nothing was backed up. Is DATABASE_URL the right one?"
snapshot=$(ask 'SELECT pg_export_snapshot()')
{
  echo "format 1"
  echo "taken_at $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  echo "database $(ask 'SELECT current_database()')"
  echo "server $(ask 'SHOW server_version')"
  echo "timescaledb $(ask "$timescale_version")"
  echo "schema_version $(ask 'SELECT max(version) FROM schema_version')"
} >"$partial/manifest"

pg_dump --format=custom --snapshot="$snapshot" --no-owner --no-privileges --lock-wait-timeout=60s \
  --exclude-schema='mdp_verify_*' --file="$partial/database.dump" -d "$database_url" 2>"$partial/dump-words" ||
  fail "pg_dump failed: $(cat "$partial/dump-words")"
for table in $(ask "$list_tables"); do
  echo "table $table $(ask "$(measure "$table")")" >>"$partial/manifest"
done
eval "exec $questions>&-"
wait "$session" || snapshot_failed
rm "$partial/words" "$partial/dump-words"

mkdir "$partial/config"
number=0
for file in ${configs[@]+"${configs[@]}"}; do
  cp "$file" "$partial/config/$((number += 1))-$(basename "$file")"
done
sums=$(cd "$partial" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
printf '%s\n' "$sums" >"$partial/SHA256SUMS"
# Reads all of it once: what cannot be read back is no backup.
pg_restore --file=/dev/null "$partial/database.dump" || fail "The dump cannot be read back; nothing was kept of it."
sync -f "$partial/database.dump" 2>/dev/null || true
while name="mdp-$(date -u +%Y%m%dT%H%M%SZ)" && [ -e "$to/$name" ]; do sleep 1; done
mv "$partial" "$to/$name"
trap - EXIT

if $verify; then
  check="mdp_restore_check_$$"
  ask_once "CREATE DATABASE $check" >/dev/null
  trap 'ask_once "DROP DATABASE $check" >/dev/null' EXIT
  DATABASE_URL=$(url_of_database "$check") "$here/restore.sh" "$to/$name" >&2 ||
    fail "The new backup $to/$name could not be restored. It and all older ones stay."
fi

# The new one is complete; it is never among those that go.
for old in "$to"/mdp-????????T??????Z; do
  found=$(basename "$old")
  if [[ $found < "mdp-$oldest" ]] && [ "$found" != "$name" ]; then rm -rf "$old"; fi
done
# Of runs that were killed.
find "$to" -maxdepth 1 -name '.partial-*' -mtime +0 -exec rm -rf {} +
echo "$to/$name"
