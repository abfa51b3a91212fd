# What scripts/backup.sh and scripts/restore.sh share: the way to the database, and how a table is measured.
# shellcheck shell=bash

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

need_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null ||
      fail "$tool is not installed. The tools of PostgreSQL come with the package postgresql-client, not older than the server."
  done
}

# Sets database_url, without its password: that one goes to libpq past the list of processes.
take_database_url() {
  database_url=${DATABASE_URL:-}
  if [ -z "$database_url" ] && [ -n "${DATABASE_URL_FILE:-}" ]; then database_url=$(cat "$DATABASE_URL_FILE"); fi
  [ -n "$database_url" ] || fail "DATABASE_URL is not set. Of the embedded database, which is for trying, stop the pipeline and copy data/."
  [[ $database_url =~ ^postgres(ql)?:// ]] || fail "DATABASE_URL is not of the form postgres://user:password@host:port/database."
  if [[ $database_url =~ ^([a-z]+://[^:/@]*):([^@/]*)@(.*)$ ]]; then
    database_url="${BASH_REMATCH[1]}@${BASH_REMATCH[3]}"
    PGPASSWORD=$(decoded "${BASH_REMATCH[2]}")
    export PGPASSWORD
  fi
  export PGAPPNAME=mdp-backup PGCONNECT_TIMEOUT=10
}

# %41 is A.
decoded() { printf '%b' "${1//%/\\x}"; }

# The URL with another database in it; the password stays where it is.
url_of_database() {
  [[ $database_url =~ ^([a-z]+://[^/]*)(/[^?]*)?(\?.*)?$ ]]
  printf '%s/%s%s' "${BASH_REMATCH[1]}" "$1" "${BASH_REMATCH[3]:-}"
}

ask_once() { psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d "$database_url" -c "$1"; }

# A value has one text, whatever server and user are set to.
# shellcheck disable=SC2034
plain_text="SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;
  SET bytea_output = 'hex'"

# shellcheck disable=SC2034
timescale_version="SELECT coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), 'none')"

# All that people or we have made; not what belongs to the server, to TimescaleDB, or to a comparison that is under way.
# shellcheck disable=SC2034
list_tables="SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'timescaledb_information', 'timescaledb_experimental')
    AND schemaname !~ '^(_timescaledb|pg_temp|pg_toast|mdp_verify_)' ORDER BY 1"

# Rows and a sum over all their columns that no order of the rows changes: 60 bits of the MD5 of each row, added up.
measure() {
  printf "SELECT count(*), coalesce(sum(('x' || left(md5(r::text), 15))::bit(60)::bigint::numeric), 0) FROM %s AS r" "$1"
}
