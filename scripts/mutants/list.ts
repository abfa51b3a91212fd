import { alertMutants } from './alerts.ts';
import { checkpointMutants } from './checkpoints.ts';
import { dashboardMutants } from './dashboard.ts';
import { letterMutants } from './dead-letters.ts';
import { decoderMutants } from './decoders.ts';
import { deploymentMutants } from './deployment.ts';
import { indicatorMutants } from './indicators.ts';
import { kafkaClientMutants } from './kafka-client.ts';
import { kafkaGroupMutants } from './kafka-group.ts';
import { kafkaLetterMutants } from './kafka-letters.ts';
import { kafkaMemberMutants } from './kafka-members.ts';
import { kafkaSinkMutants } from './kafka-sink.ts';
import { kafkaTapMutants } from './kafka-tap.ts';
import { kafkaWatchMutants } from './kafka-watch.ts';
import { laneMutants } from './lanes.ts';
import { liveMutants } from './live.ts';
import { operationsMutants } from './operations.ts';
import { processFaultMutants } from './process-faults.ts';
import { queryMutants } from './query-api.ts';
import { securityMutants } from './security.ts';
import { sinkMutants } from './sink.ts';
import { stateMutants } from './state.ts';
import { streamMutants } from './stream.ts';
import { tracingMutants } from './tracing.ts';
import { verifyMutants } from './verify.ts';

/** A fault to plant: `find` stands exactly once in `file`; `shows` is the name of the test in `test` that must turn red. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
  readonly shows: string;
}

const queue = { file: 'src/queues/bounded-queue.ts', test: 'tests/queues/bounded-queue.test.ts' };
const batcher = { file: 'src/sinks/row-batcher.ts', test: 'tests/sinks/row-batcher.test.ts' };
const fold = { file: 'src/operators/fold.ts', test: 'tests/operators/time-bars.test.ts' };
const guard = { file: 'src/sinks/timescale/sql/bars.ts', test: 'tests/sinks/timescale-guard.test.ts' };
const admission = { test: 'tests/operators/admission.test.ts' };

export const mutants: readonly Mutant[] = [
  {
    ...queue, name: 'a dropped batch without its gap',
    find: "const rest = this.options.remainder?.(dropped, 'oldest') ?? null;",
    replace: "this.options.remainder?.(dropped, 'oldest');\n    const rest = null;",
    shows: 'drops the oldest batch and leaves a gap in its place',
  },
  {
    ...queue, name: 'drop policies swapped',
    find: "if (this.options.policy === 'newest') {",
    replace: "if (this.options.policy === 'oldest') {",
    shows: 'drops the oldest batch and leaves a gap in its place',
  },
  {
    ...queue, name: 'a dropped batch that is not counted',
    find: '    this.#leave(dropped);\n    this.counts.dropped++;',
    replace: '    this.#leave(dropped);',
    shows: 'balances, keeps its bounds, and loses nothing',
  },
  {
    file: 'src/model/keyed-columns.ts', test: batcher.test, name: 'a row that forgets that it is first',
    find: '  rows.again[older] = again;',
    replace: '  void again;',
    shows: 'puts a newer row in the place of an older one of its key, which stays first',
  },
  {
    ...batcher, name: 'a batch that is never flushed',
    find: 'if (open !== null && open.batch.openedAtMs + this.#options.settings.flush_ms <= nowMs) this.#close(shard);',
    replace: 'if (open !== null && nowMs === Infinity) this.#close(shard);',
    shows: 'closes a batch when its first row has waited flush_ms',
  },
  {
    ...fold, name: 'tie order ignored',
    find: '(timeMs === lastMs && tickOrder >= values[at + column.lastOrder])',
    replace: 'timeMs === lastMs',
    shows: 'goes by `order` where event times are the same',
  },
  {
    file: 'src/operators/time-bars.ts', test: 'tests/operators/time-bars.test.ts', name: 'one tick of a batch lost',
    find: 'for (let index = from; index < until;) {',
    replace: 'for (let index = until > 1 ? from + 1 : from; index < until;) {',
    shows: 'are [open, close): a tick on a boundary belongs to the window that it opens',
  },
  {
    ...fold, name: 'compensation of notional removed', test: 'tests/acceptance/synthetic-against-oracle.test.ts',
    find: '    values[at + column.notional + 1] += sum - (nextSum - added) + (product - added) + productRest;\n',
    replace: '    void added;\n    void productRest;\n',
    shows: 'agrees with the oracle on',
  },
  {
    ...fold, name: 'a tick on a boundary in the window before',
    find: 'if (timeMs < openMs || timeMs >= untilMs || venueOf[id] !== venue) break;',
    replace: 'if (timeMs < openMs || timeMs > untilMs || venueOf[id] !== venue) break;',
    shows: 'are [open, close): a tick on a boundary belongs to the window that it opens',
  },
  {
    file: 'src/operators/roll-up.ts', test: 'tests/operators/time-bars.test.ts', name: 'a coarser bar without the last base bar’s close',
    find: '  into[at + column.close] = values[from + column.close]!;',
    replace: '  if (into[at + column.trades] === 0) into[at + column.close] = values[from + column.close]!;',
    shows: 'of a coarser bar counts what is settled and what is not',
  },
  {
    ...admission, file: 'src/operators/event-clock.ts', name: 'late zone off by one',
    find: 'return this.watermarkMs - this.allowedLatenessMs;',
    replace: 'return this.watermarkMs - this.allowedLatenessMs + 1;',
    shows: 'before the horizon are counted and kept, and reach no bar; at the horizon they are in time',
  },
  {
    ...admission, file: 'src/operators/admission.ts', name: 'a rejected tick that is not counted',
    find: '    this.counts.rejected[reason] = (this.counts.rejected[reason] ?? 0) + 1;',
    replace: '    void reason;',
    shows: 'are counted by reason and kept',
  },
  {
    ...admission, file: 'src/operators/admission.ts', name: 'duplicates let through',
    find: '      this.counts.duplicate++;\n      return false;',
    replace: '      this.counts.duplicate++;',
    shows: 'of a trade id of one instrument are dropped and counted',
  },
  {
    file: 'src/operators/gap-list.ts', test: 'tests/operators/gaps.test.ts', name: 'a gap that includes the windows beside it',
    find: 'if (fromMs >= window.endMs || untilMs <= window.openMs) continue;',
    replace: 'if (fromMs > window.endMs || untilMs < window.openMs) continue;',
    shows: 'makes every bar that it touches quality gap, at either end',
  },
  {
    file: 'src/operators/venue-windows.ts', test: 'tests/operators/time-bars.test.ts', name: 'the first bar always whole',
    find: 'if (!this.context.complete) this.wholeFromMs.fill(eventTimeMs + this.clock.outOfOrdernessMs);',
    replace: 'void eventTimeMs;',
    shows: 'because they opened before, or too soon after, the first tick are partial and not whole',
  },
  {
    ...guard, name: '>= for > in the guard',
    find: '(excluded.position, excluded.state) > (bars.position, bars.state)',
    replace: '(excluded.position, excluded.state) >= (bars.position, bars.state)',
    test: 'tests/sinks/timescale-ways.test.ts',
    shows: 'a batch that is written twice changes nothing the second time',
  },
  {
    ...guard, name: 'what is not whole replaces what is',
    find: 'excluded.generation > bars.generation AND (excluded.whole OR NOT (bars.whole AND bars.state = 3))',
    replace: 'excluded.generation > bars.generation',
    shows: 'lets the greater stamp win, for every pair of versions',
  },
  {
    ...guard, name: 'rows of another lane merged',
    find: `WHEN bars.lane <> excluded.lane THEN set_config('\${otherLaneFlag}', 'found', true) IS NULL`,
    replace: 'WHEN false THEN false',
    shows: 'lets the greater stamp win, for every pair of versions',
  },
  {
    file: 'src/sinks/timescale/timescale-sink.ts', test: 'tests/sinks/timescale-refusals.test.ts', name: 'no fence',
    find: 'await client.query(`SELECT ${fence}; COMMIT`);',
    replace: 'await client.query(`SELECT ${fence.length}; COMMIT`);',
    shows: 'rows of a lane that has a newer generation are not written',
  },
  {
    file: 'src/model/bar-spec.ts', test: 'tests/model/bar-spec.test.ts', name: 'floor replaced by truncation',
    find: '  return whole - ((((whole - origin) % step) + step) % step);',
    replace: '  return whole - ((whole - origin) % step);',
    shows: 'is cut downwards before 1970 as after it',
  },
  {
    file: 'src/pacing/token-bucket.ts', test: 'tests/pacing/token-bucket.test.ts', name: 'a bucket that forgets what it lent',
    find: '    this.#tokens -= count;',
    replace: '    this.#tokens = Math.max(0, this.#tokens - count);',
    shows: 'holds its average for batches of any size',
  },
  ...securityMutants,
  ...sinkMutants,
  ...stateMutants, ...streamMutants,
  ...tracingMutants, ...verifyMutants,
  ...alertMutants, ...checkpointMutants,
  ...laneMutants, ...liveMutants, ...operationsMutants, ...queryMutants, ...dashboardMutants,
  ...letterMutants,
  ...processFaultMutants,
  ...decoderMutants, ...deploymentMutants,
  ...indicatorMutants,
  ...kafkaClientMutants, ...kafkaGroupMutants, ...kafkaLetterMutants, ...kafkaMemberMutants, ...kafkaSinkMutants, ...kafkaTapMutants, ...kafkaWatchMutants,
];
