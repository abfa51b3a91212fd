import { rowsImbalance, ticksImbalance } from '../model/status.ts';
import { alertMetrics } from './alert-metrics.ts';
import { counter, gauge, histogram, sum } from './metric.ts';
import type { Metric } from './metric.ts';
import { breakerStates, droppedRowReasons, droppedTickReasons, rejectReasons, sinkFailureKinds } from './reasons.ts';
import {
  droppedBatches, gapCounts, laneCount, operatorBarsByReason, operatorCount, perConsumer, perLane, perProducer, perQueue,
  perReason, perSink, perSinkReason, perSource, queueLosses, total, watermarkLag,
} from './samples.ts';
import { streamMetrics } from './stream-metrics.ts';

const fastSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const slowSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Every metric, once. docs/metrics.md is made from this table (scripts/metrics-docs.ts), and the smoke test's list
 * is held against it. All carry the label `pipeline`; none ever carries a symbol. They are read from what the
 * pipeline counts anyway, once per scrape; only histograms are observed, per batch or per request.
 */
export const metrics: readonly Metric[] = [
  // Sources.
  counter('mdp_source_items_total', ['source'],
    'Ticks and rejected records that the source has delivered.', perSource((source) => source.items)),
  gauge('mdp_source_status', ['source'],
    '1 while the source reads, waits its turn or has ended well; 0 while it starts, backs off or has failed.',
    perSource(({ state }) => (state === 'reading' || state === 'waiting' || state === 'ended' ? 1 : 0))),
  counter('mdp_source_disconnects_total', ['source'],
    'Times that the source was lost while it was read.', perSource((source) => source.disconnects)),
  counter('mdp_source_reconnects_total', ['source'],
    'Times that the lost source was taken up again.', perSource((source) => source.reconnects)),
  counter('mdp_source_pacing_blocked_total', ['source'],
    'Times that the pacing budget made the source wait.', perSource((source) => source.pacingBlocked)),
  counter('mdp_source_pacing_blocked_seconds_total', ['source'],
    'Time that the pacing budget made the source wait.', perSource((source) => source.pacingBlockedMs / 1000)),
  counter('mdp_source_inexact_total', ['source'],
    'Prices and sizes with more digits than a double holds.', perSource((source) => source.inexact)),

  // Consumers of Kafka: only sources that are one have these.
  gauge('mdp_kafka_connected', ['source'],
    '1 while the source is a member of its consumer group, else 0.',
    perConsumer(({ connection }) => (connection === 'member' ? 1 : 0))),
  gauge('mdp_kafka_partitions', ['source'],
    'Partitions that the group has given to this process.', perConsumer(({ partitions }) => partitions.length)),
  counter('mdp_kafka_messages_total', ['source'],
    'Messages that were read, those that were read again included.', perConsumer(({ messages }) => messages)),
  counter('mdp_kafka_fetches_total', ['source'],
    'Fetches of one partition that brought messages.', perConsumer(({ fetches }) => fetches)),
  counter('mdp_kafka_consume_seconds_total', ['source'],
    'From the answer to a Fetch until nothing more of it is read, waiting for lanes included.',
    perConsumer(({ consumeMs }) => consumeMs / 1_000)),
  counter('mdp_kafka_commits_total', ['source'],
    'Offsets that were committed to the group, for lag tools.', perConsumer(({ commits }) => commits)),
  counter('mdp_kafka_commits_failed_total', ['source'],
    'Commits of offsets that failed; reading does not rest on them.', perConsumer(({ commitsFailed }) => commitsFailed)),
  counter('mdp_kafka_commit_seconds_total', ['source'],
    'From a commit to the answer of the broker.', perConsumer(({ commitMs }) => commitMs / 1_000)),
  counter('mdp_kafka_joins_total', ['source'],
    'Times that the group was joined: once, and once more with each change in it.', perConsumer(({ joins }) => joins)),
  counter('mdp_kafka_crashes_total', ['source'],
    'Times that kafkajs gave its consumer up.', perConsumer(({ crashes }) => crashes)),
  gauge('mdp_kafka_vain_sessions', ['source'],
    'Sessions in a row that joined the group and ended by a fault before a message was read.',
    perConsumer(({ watchdog }) => watchdog.vainSessions)),
  gauge('mdp_kafka_silent_seconds', ['source'],
    'How long records have waited that are wanted, without one coming; 0 while they come.',
    perConsumer(({ watchdog }) => watchdog.silentMs / 1_000)),

  // Producers of Kafka: only sinks that are one have these.
  gauge('mdp_kafka_producer_connected', ['sink'],
    '1 while what is written reaches the brokers, as the last call says; else 0.',
    perProducer(({ connection }) => (connection === 'connected' ? 1 : 0))),
  gauge('mdp_kafka_producer_breaker_state', ['sink'],
    'The circuit breaker of the producer: 0 closed, 1 half-open (one write probes), 2 open (brokers are left alone).',
    perProducer(({ breaker }) => breakerStates.indexOf(breaker))),
  counter('mdp_kafka_produced_messages_total', ['sink'],
    'Messages that all in-sync replicas have, those that were written again included.',
    perProducer(({ messages }) => messages)),
  counter('mdp_kafka_produced_bytes_total', ['sink'],
    'Keys and values of those messages.', perProducer(({ bytes }) => bytes)),
  counter('mdp_kafka_produce_errors_total', ['sink'],
    'Calls to write or to connect that failed, after the attempts of kafkajs.', perProducer(({ errors }) => errors)),
  counter('mdp_kafka_produce_seconds_total', ['sink'],
    'From a call to write until all in-sync replicas have its messages.', perProducer(({ produceMs }) => produceMs / 1_000)),

  // The ledger of ticks, term by term.
  counter('mdp_ticks_received_total', [],
    'Ticks and rejected records received.', total((status) => status.ticks.received)),
  counter('mdp_ticks_restored_total', [],
    'Held ticks that came back with a checkpoint.', total((status) => status.ticks.restored)),
  counter('mdp_ticks_aggregated_total', [],
    'Ticks that went into bars.', total((status) => status.ticks.aggregated)),
  counter('mdp_ticks_duplicate_total', [],
    'Ticks whose trade id had been seen before.', total((status) => status.ticks.duplicate)),
  counter('mdp_ticks_late_total', [],
    'Ticks behind the lateness horizon, kept in late_ticks.', total((status) => status.ticks.late)),
  counter('mdp_ticks_excluded_total', [],
    'Trades that the venue marks as no market trades.', total((status) => status.ticks.excluded)),
  counter('mdp_ticks_rejected_total', ['reason'],
    'Records that no usable tick could be read from.', perReason((status) => status.ticks.rejected, rejectReasons)),
  counter('mdp_ticks_dropped_total', ['reason'],
    'Ticks that were given up, by stage and reason.', perReason((status) => status.ticks.dropped, droppedTickReasons)),
  gauge('mdp_ticks_held', [],
    'Ticks held back until later ones confirm or contradict their time.', total((status) => status.ticks.held)),
  gauge('mdp_ticks_in_flight', [],
    'Ticks in queues and in hand, counted by walking.', total((status) => status.ticks.inFlight)),

  // Operators.
  counter('operator_ticks_in_total', ['operator'],
    'Ticks handed to the operator.', operatorCount((lane) => lane.ticksIn)),
  counter('mdp_operator_ticks_in_total', ['operator'],
    'Ticks handed to the operator; the same as operator_ticks_in_total.', operatorCount((lane) => lane.ticksIn)),
  counter('operator_bars_out_total', ['operator'],
    'Rows of bars that the operator has emitted, revisions included.', operatorCount((lane) => lane.barsOut)),
  counter('mdp_operator_bars_out_total', ['operator'],
    'Rows of bars that the operator has emitted; the same as operator_bars_out_total.',
    operatorCount((lane) => lane.barsOut)),
  counter('mdp_operator_bars_total', ['operator', 'reason'],
    'Rows of bars by what made them: provisional (the clock), closed (the log), revised (a late tick).',
    operatorBarsByReason),
  gauge('mdp_operator_bars_open', ['operator'],
    'Bars held in memory because they are forming or may be revised.', operatorCount((lane) => lane.openBars)),
  counter('mdp_gaps_total', ['reason'],
    'Stretches of a log that were recorded as missing.', gapCounts),

  ...alertMetrics,

  // Lanes: there are as many series as partitions, from the moment a lane is taken up.
  gauge('mdp_lane_watermark_lag_seconds', ['source', 'lane'],
    'Our clock minus the watermark of the venue that is furthest behind; in a replay, the age of the recording.',
    watermarkLag),
  gauge('mdp_lane_lag_records', ['source', 'lane'],
    'Records of the log that the lane has not folded yet; only where the log tells how far it reaches.', ({ status }) =>
      status.lanes.flatMap(({ source, name, position, logEnd }) => logEnd === null ? [] : [{
        labels: { source, lane: name }, value: Math.max(0, logEnd - position),
      }])),
  gauge('mdp_lane_at_log_end', ['source', 'lane'],
    '1 when the lane has read all that its log holds, else 0.',
    perLane((lane) => (lane.atLogEnd || lane.ended ? 1 : 0))),

  // Checkpoints: what a restart goes on from.
  gauge('mdp_checkpoint_age_seconds', ['source', 'lane'],
    'How long the oldest record that no checkpoint holds has waited for one; 0 when there is none.', ({ status }) =>
      status.lanes.map(({ source, name, checkpoint: { behindSinceMs } }) => ({
        labels: { source, lane: name }, value: behindSinceMs === null ? 0 : (status.nowMs - behindSinceMs) / 1_000,
      }))),
  gauge('mdp_checkpoint_bytes', ['source', 'lane'],
    'Size of the last checkpoint, compressed.', perLane((lane) => lane.checkpoint.bytes)),
  counter('mdp_checkpoints_written_total', [],
    'Checkpoints that were written.', laneCount((lane) => lane.checkpoint.written)),
  counter('mdp_checkpoints_failed_total', [],
    'Attempts to write a checkpoint that failed.', laneCount((lane) => lane.checkpoint.failed)),
  counter('mdp_lane_overtaken_total', [],
    'Times that another process was further on with a lane, and this one took up its checkpoint.',
    total(({ lanes }) => sum(lanes.map((lane) => lane.overtaken)))),
  counter('mdp_lane_lost_total', [],
    'Times that a lane was found to have a newer generation: another process has taken it up.',
    total(({ lanesLost }) => lanesLost)),

  // Queues, all lanes together.
  gauge('mdp_queue_depth', ['queue'], 'Batches that wait.', perQueue((queue) => queue.depth)),
  gauge('mdp_queue_capacity', ['queue'], 'Batches that can wait.', perQueue((queue) => queue.capacity)),
  gauge('mdp_queue_bytes', ['queue'], 'Memory that the waiting batches take.', perQueue((queue) => queue.bytes)),
  gauge('mdp_queue_bytes_max', ['queue'],
    'Memory that waiting batches may take.', perQueue((queue) => queue.bytesMax)),
  gauge('mdp_queue_high_water', ['queue'],
    'Greatest depth since the last scrape, and of at least the last minute. An upper bound: lanes are added up.',
    ({ highWater }) => [
      { labels: { queue: 'op' }, value: highWater.op },
      { labels: { queue: 'sink' }, value: highWater.sink },
    ]),
  counter('mdp_queue_dropped_total', ['queue', 'reason'],
    'Batches that a queue did not hand on: dropped (full), superseded (newer rows took their place), abandoned ' +
    '(forced end), refused (closed).', queueLosses),

  // The sink.
  gauge('mdp_sink_queue_depth', ['sink'],
    'Batches of rows that wait for the sink, all lanes together.',
    perSink((_, lanes) => sum(lanes.map((lane) => lane.sinkQueue.depth)))),
  counter('mdp_sink_batches_committed_total', ['sink'],
    'Batches that the sink has committed.', perSink((sink) => sink.batchesCommitted)),
  counter('mdp_sink_items_committed_total', ['sink'],
    'Rows that the sink has committed.', perSink((sink) => sink.rowsCommitted)),
  counter('mdp_sink_items_outdated_total', ['sink'],
    'Committed rows that changed nothing: the stored row had seen more.', perSink((sink) => sink.rowsOutdated)),
  counter('mdp_sink_items_direct_total', ['sink'],
    'Committed rows that went by plain COPY, without a temp table.', perSink((sink) => sink.rowsDirect)),
  counter('mdp_sink_batches_failed_total', ['sink', 'reason'],
    'Attempts to write a batch that failed, by kind of failure.',
    perSinkReason((sink) => sink.batchesFailed, sinkFailureKinds)),
  counter('mdp_sink_retries_total', ['sink'],
    'Attempts that repeated a failed one.', perSink((sink) => sink.retries)),
  counter('mdp_sink_dropped_batches_total', ['sink', 'reason'],
    'Batches of rows that were given up, by a full sink queue (queue-full) or by the workers.', droppedBatches),
  gauge('mdp_sink_breaker_state', ['sink'],
    'The circuit breaker: 0 closed (writes go through), 1 half-open (one write probes), 2 open (writes wait).',
    perSink((sink) => breakerStates.indexOf(sink.breaker))),
  gauge('mdp_sink_workers_busy', ['sink'],
    'Workers that are writing.', perSink((sink) => sink.workersBusy)),
  histogram('mdp_sink_commit_seconds', ['sink'],
    'From the start of an attempt to the answer to its COMMIT.', fastSeconds),
  histogram('mdp_sink_row_age_seconds', ['sink'],
    'From the emission of the oldest row of a batch to its commit.', slowSeconds),

  // The ledger of rows: emitted = committed (above) + these.
  counter('mdp_rows_emitted_total', [],
    'Rows of every kind that operators have emitted.', total((status) => status.rows.emitted)),
  counter('mdp_rows_superseded_total', [],
    'Rows replaced by a newer row of the same key before they were written.',
    total((status) => status.rows.superseded)),
  counter('mdp_rows_set_aside_total', [],
    'Rows that the database refused, kept in dead_letters.', total((status) => status.rows.setAside)),
  counter('mdp_rows_dropped_total', ['reason'],
    'Rows that were given up, by stage and reason.', perReason((status) => status.rows.dropped, droppedRowReasons)),
  gauge('mdp_rows_in_flight', [],
    'Rows in batches, queues and workers, counted by walking.', total((status) => status.rows.inFlight)),
  counter('mdp_dead_letters_total', ['origin'],
    'What could not be used, with its bytes in dead_letters: origin tick (a record of the log) or row (a row that ' +
    'the database refused).', ({ status }) => [
      { labels: { origin: 'tick' }, value: sum(Object.values(status.ticks.rejected)) },
      { labels: { origin: 'row' }, value: status.rows.setAside },
    ]),

  // Trust.
  gauge('mdp_ledger_imbalance', ['ledger'],
    'Ticks or rows that went in and are nowhere to be found: 0 at every moment.', ({ status }) => [
      { labels: { ledger: 'ticks' }, value: ticksImbalance(status.ticks) },
      { labels: { ledger: 'rows' }, value: rowsImbalance(status.rows) },
    ]),

  ...streamMetrics,

  // The server and the program.
  histogram('mdp_http_request_seconds', ['method', 'route', 'status'],
    'From a request to the end of its answer; route is the pattern, never the path that was asked for.', fastSeconds),
  histogram('mdp_event_loop_lag_seconds', [],
    'How late the event loop turns, looked at every 250 ms; of one long stop each missed look counts.', fastSeconds),
  counter('mdp_event_loop_stalled_seconds_total', [],
    'Time that the event loop stood still for a second or longer; 0 without a watchdog.',
    ({ stalledMs }) => [{ labels: {}, value: stalledMs / 1000 }]),
  gauge('mdp_build_info', ['version'],
    'Always 1; the label tells the version.', ({ version }) => [{ labels: { version }, value: 1 }]),
];
