#!/usr/bin/env bash
# Checks a running daemon from outside and starts nothing: health, every metric by name, counters that rise, both
# ledgers, bars that arrive. Needs curl, sed and awk. One line a check; the first that fails ends it with exit code 1.
#
#   scripts/smoke_test.sh [URL]       default http://127.0.0.1:8083
#   API_KEY=…                         where the daemon asks for one
#   SMOKE_TIMEOUT_S=60                how long to wait for something to happen
set -euo pipefail

url=${1:-http://127.0.0.1:8083}
url=${url%/}
timeout_s=${SMOKE_TIMEOUT_S:-60}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Every metric of src/telemetry/metrics.ts; a test holds the two lists against each other.
metrics='
mdp_source_items_total mdp_source_status mdp_source_disconnects_total mdp_source_reconnects_total
mdp_source_pacing_blocked_total mdp_source_pacing_blocked_seconds_total mdp_source_inexact_total
mdp_ticks_received_total mdp_ticks_restored_total mdp_ticks_aggregated_total mdp_ticks_duplicate_total
mdp_ticks_late_total mdp_ticks_excluded_total mdp_ticks_rejected_total mdp_ticks_dropped_total
mdp_ticks_held mdp_ticks_in_flight
operator_ticks_in_total mdp_operator_ticks_in_total operator_bars_out_total mdp_operator_bars_out_total
mdp_operator_bars_total mdp_operator_bars_open mdp_gaps_total
mdp_lane_watermark_lag_seconds mdp_lane_lag_records mdp_lane_at_log_end mdp_lane_overtaken_total mdp_lane_lost_total
mdp_kafka_connected mdp_kafka_partitions mdp_kafka_messages_total mdp_kafka_fetches_total mdp_kafka_consume_seconds_total
mdp_kafka_commits_total mdp_kafka_commits_failed_total mdp_kafka_commit_seconds_total
mdp_kafka_joins_total mdp_kafka_crashes_total mdp_kafka_silent_seconds mdp_kafka_vain_sessions
mdp_kafka_producer_connected mdp_kafka_producer_breaker_state mdp_kafka_produced_messages_total
mdp_kafka_produced_bytes_total mdp_kafka_produce_errors_total mdp_kafka_produce_seconds_total
mdp_checkpoint_age_seconds mdp_checkpoint_bytes mdp_checkpoints_written_total mdp_checkpoints_failed_total
mdp_queue_depth mdp_queue_capacity mdp_queue_bytes mdp_queue_bytes_max mdp_queue_high_water mdp_queue_dropped_total
mdp_sink_queue_depth mdp_sink_batches_committed_total mdp_sink_items_committed_total mdp_sink_items_outdated_total
mdp_sink_items_direct_total mdp_sink_batches_failed_total mdp_sink_retries_total mdp_sink_dropped_batches_total
mdp_sink_breaker_state mdp_sink_workers_busy mdp_sink_commit_seconds mdp_sink_row_age_seconds
mdp_rows_emitted_total mdp_rows_superseded_total mdp_rows_set_aside_total mdp_rows_dropped_total mdp_rows_in_flight
mdp_stream_clients mdp_stream_subscriptions mdp_stream_messages_total mdp_stream_snapshots_total mdp_stream_lag_seconds
mdp_alerts_total mdp_alert_rules mdp_webhook_deliveries_total
mdp_dead_letters_total mdp_ledger_imbalance mdp_http_request_seconds
mdp_event_loop_lag_seconds mdp_event_loop_stalled_seconds_total mdp_build_info
'

# What a pipeline at work counts up.
rising='
mdp_source_items_total mdp_operator_ticks_in_total mdp_operator_bars_out_total
mdp_sink_batches_committed_total mdp_sink_items_committed_total
'

pass() { printf 'ok    %-34s %s\n' "$1" "$2"; }
fail() {
  printf 'FAIL  %-34s %s\n' "$1" "$2"
  printf '      look at: %s\n' "$3"
  exit 1
}

# get PATH [CURL ARGUMENTS]: the body goes to $answer, the status to standard output (000 where nobody answers).
get() {
  local path=$1 key=()
  shift
  [ -z "${API_KEY:-}" ] || key=(-H "X-API-Key: $API_KEY")
  curl -sS --max-time 10 -o "$answer" -w '%{http_code}' "${key[@]}" "$@" "$url$path" 2>/dev/null || true
}

# wait_for COMMAND...: repeats it until it succeeds or the time is up.
wait_for() {
  local until=$((SECONDS + timeout_s))
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.5
  done
}

# The value of a metric in $answer, all its series added up.
total() {
  awk -v name="$1" '
    index($0, "#") != 1 { split($0, parts, /[{ ]/); if (parts[1] == name) sum += $NF }
    END { printf "%.17g", sum }' "$answer"
}

greater() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }'; }

# The first text under a key of the JSON in $answer.
first_text() { sed -n "s/.*\"$1\":\"\([^\"\\\\]*\)\".*/\1/p" "$answer" | head -n 1; }

check_answers() {
  local status
  status=$(get /health/live)
  [ "$status" = 200 ] || fail "answers" "$url/health/live gave $status" \
    "is the daemon running, and is this its address? PORT and server.host say where it listens"
  pass "answers" "$url"
}

is_ready() { [ "$(get /health/ready)" = 200 ]; }

check_ready() {
  wait_for is_ready || fail "ready" "not within $timeout_s s: $(first_text message)" "$url/health and the daemon's log"
  pass "ready" "$(first_text message)"
}

check_health() {
  local status verdict
  status=$(get /health)
  verdict=$(sed -n 's/^{"status":"\([a-z]*\)".*/\1/p' "$answer")
  [ "$status" = 200 ] || fail "health" "${verdict:-no verdict} ($status)" \
    "$url/health: the rows that are not healthy say what to do"
  pass "health" "$verdict"
}

check_metric_names() {
  local status name missing='' count=0
  status=$(get /metrics)
  [ "$status" = 200 ] || fail "metrics" "$url/metrics gave $status" "telemetry.enable_metrics: are they switched off?"
  for name in $metrics; do
    count=$((count + 1))
    grep -q "^# TYPE $name " "$answer" || missing="$missing $name"
  done
  [ -z "$missing" ] || fail "metrics" "missing:$missing" "docs/metrics.md, and whether the daemon is of this version"
  pass "metrics" "all $count are there"
}

# rises NAME VALUE: whether the metric is greater than the value by now.
rises() {
  [ "$(get /metrics)" = 200 ] && greater "$(total "$1")" "$2"
}

check_rising() {
  local name before
  for name in $rising; do
    get /metrics >/dev/null
    before=$(total "$name")
    wait_for rises "$name" "$before" || fail "$name" "stood at $before for $timeout_s s" \
      "$url/health: does a source read (a replay may have ended), and does the sink commit?"
    pass "$name" "$before, then $(total "$name")"
  done
}

check_ledgers() {
  local ledger value
  [ "$(get /metrics)" = 200 ] || fail "ledgers" "no metrics" "$url/metrics"
  for ledger in ticks rows; do
    value=$(sed -n "s/^mdp_ledger_imbalance{.*ledger=\"$ledger\".*} //p" "$answer")
    [ "$value" = 0 ] || fail "ledger of $ledger" "is out by ${value:-an unknown number}" \
      "$url/api/status: this is a fault of the program; report it with that"
    pass "ledger of $ledger" "balances"
  done
}

have_symbols() { [ "$(get /api/symbols)" = 200 ] && [ -n "$(first_text symbol)" ]; }

check_bars() {
  local status venue symbol spec close
  status=$(get /api/symbols)
  [ "$status" != 401 ] || fail "symbols" "the API key is missing or wrong" "API_KEY of this script and of the daemon"
  wait_for have_symbols || fail "symbols" "no instrument has bars after $timeout_s s" \
    "$url/api/symbols, and the row of the store in $url/health"
  # One instrument is enough; of a list on one line, sed finds the last.
  venue=$(first_text venue)
  symbol=$(first_text symbol)
  spec=$(sed -n 's/.*"specs":\["\([^"]*\)".*/\1/p' "$answer" | head -n 1)
  pass "symbols" "$venue $symbol has $spec"
  status=$(get /api/bars -G --data-urlencode "venue=$venue" --data-urlencode "symbol=$symbol" \
    --data-urlencode "spec=$spec" -d limit=1)
  [ "$status" = 200 ] || fail "bars" "$url/api/bars gave $status: $(first_text message)" "the daemon's log"
  [ -n "$(first_text open_time)" ] || fail "bars" "$venue $symbol $spec has none" "$url/api/bars"
  close=$(sed -n 's/.*"close":\([-0-9.eE+]*\).*/\1/p' "$answer")
  [ -n "$close" ] || fail "bars" "$venue $symbol $spec has one without a price" "$url/api/bars"
  pass "bars" "$venue $symbol $spec of $(first_text open_time) closed at $close"
}

check_answers
check_ready
check_health
check_metric_names
check_rising
check_ledgers
check_bars
echo "The daemon works."
