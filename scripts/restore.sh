#!/usr/bin/env bash
# Restores a backup of scripts/backup.sh into a database without rows, and compares every table with what was backed up.
# docs/disaster-recovery.md
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/database/client.sh
. "$here/database/client.sh"

usage() {
  cat <<'TEXT'
Usage: DATABASE_URL=postgres://… scripts/restore.sh [--into-empty] BACKUP
       scripts/restore.sh --check BACKUP

  BACKUP        a folder that scripts/backup.sh has made
  --into-empty  the database may have our tables already, as long as they hold no rows; they are made anew
  --check       looks whether the backup is whole and can be read; needs no database

A database that holds rows is refused, always. DATABASE_URL_FILE may name a file with the URL.
TEXT
}

into_empty=false
check=false
backup=
while [ $# -gt 0 ]; do
  case "$1" in
    --into-empty) into_empty=true ;;
    --check) check=true ;;
    -h | --help) usage && exit ;;
    -*) fail "There is no option \"$1\". $0 --help lists the options." ;;
    *)
      [ -z "$backup" ] || fail "One backup at a time: $backup or $1?"
      backup=$1
      ;;
  esac
  shift
done
[ -n "$backup" ] || fail "Which backup? $0 --help says how to call it."
backup=${backup%/}
need_tools pg_restore psql sha256sum

# Whole: every file is there and has not changed by a bit.
for file in manifest SHA256SUMS database.dump; do
  [ -s "$backup/$file" ] || fail "$backup is no backup, or not all of it: $file is missing. Nothing was restored."
done
for file in manifest database.dump; do
  grep -q "  \./$file\$" "$backup/SHA256SUMS" || fail "$backup/SHA256SUMS has no sum of $file. Nothing was restored."
done
damage=$(cd "$backup" && sha256sum --check --quiet SHA256SUMS 2>&1) ||
  fail "$backup is damaged and was not restored:"$'\n'"$damage"
fact() { sed -n "s/^$1 //p" "$backup/manifest"; }
[ "$(fact format)" = 1 ] || fail "$backup has the format \"$(fact format)\"; this script reads format 1. Nothing was restored."
pg_restore --file=/dev/null "$backup/database.dump" || fail "The dump cannot be read (its words are above). Nothing was restored."
known=$(find "$here/../migrations" -name '[0-9]*.sql' | wc -l)
[ "$(fact schema_version)" -le "$known" ] ||
  fail "$backup has schema version $(fact schema_version); this mdp knows versions up to $((known)). Restore it with the version of mdp that" \
    "wrote it, or a later one. Nothing was restored."
if $check; then
  echo "$backup is whole: taken $(fact taken_at), schema version $(fact schema_version), $(grep -c '^table ' "$backup/manifest") tables."
  exit
fi

take_database_url
ask_once 'SELECT 1' >/dev/null
target=$(ask_once 'SELECT current_database()')
others=$(ask_once "SELECT string_agg(DISTINCT application_name, ', ') FROM pg_stat_activity
  WHERE datname = current_database() AND application_name ~ '^mdp( |\$)'")
[ -z "$others" ] || fail "A pipeline is at work in the database $target ($others). Stop it first. Nothing was restored."
tables=$(ask_once "$list_tables")
for table in $tables; do
  [ "$table" != public.schema_version ] || continue
  [ "$(ask_once "SELECT EXISTS (SELECT FROM $table)")" = f ] ||
    fail "The database $target holds rows in $table. Nothing was restored: make another one (createdb) and let DATABASE_URL name it."
done
wanted_timescale=$(fact timescaledb)
options=(--no-owner --no-privileges --exit-on-error --single-transaction -d "$database_url")
if [ -n "$tables" ]; then
  $into_empty || fail "The database $target has tables already, without rows. --into-empty makes them anew. Nothing was restored."
  [ "$wanted_timescale" = none ] || fail "The database $target has tables already, and TimescaleDB keeps books about them: make an" \
    "empty one (createdb) and let DATABASE_URL name it. Nothing was restored."
  options+=(--clean --if-exists)
fi

if [ "$wanted_timescale" != none ]; then
  # The very version: its catalog is part of the dump.
  ask_once "CREATE EXTENSION IF NOT EXISTS timescaledb VERSION '$wanted_timescale'" >/dev/null ||
    fail "This server cannot have TimescaleDB $wanted_timescale, which the backup is of. Install that version; update it afterwards."
  found=$(ask_once "$timescale_version")
  [ "$found" = "$wanted_timescale" ] ||
    fail "The database $target has TimescaleDB $found, the backup is of $wanted_timescale. Make a new database. Nothing was restored."
  ask_once 'SELECT timescaledb_pre_restore()' >/dev/null
  trap 'ask_once "SELECT timescaledb_post_restore()" >/dev/null' EXIT
fi
pg_restore "${options[@]}" "$backup/database.dump" || fail "pg_restore failed (its words are above); $target holds nothing of it."
if [ "$wanted_timescale" != none ]; then
  trap - EXIT
  ask_once 'SELECT timescaledb_post_restore()' >/dev/null
fi
# Plans for empty tables would be kept until the server looks at them by itself.
ask_once 'ANALYZE' >/dev/null

differing=0
while read -r _ table count sum; do
  found=$(ask_once "$plain_text; $(measure "$table")")
  [ "$found" = "$count $sum" ] && continue
  echo "$table differs: $count rows with the sum $sum were backed up, $found are there." >&2
  differing=1
done < <(grep '^table ' "$backup/manifest")
[ $differing = 0 ] || fail "$target is not what was backed up. Do not use it."
echo "$target holds what was backed up at $(fact taken_at): $(grep -c '^table ' "$backup/manifest") tables, all equal."
[ -z "$(ls "$backup/config")" ] || echo "The configuration of then is in $backup/config."
