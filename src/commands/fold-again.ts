import { decodeState } from '../checkpoints/encode.ts';
import type { Config, LoadedConfig } from '../config.ts';
import { MdpError } from '../errors.ts';
import type { Shutdown } from '../lifecycle.ts';
import type { AlertRule } from '../model/alert.ts';
import { parseBarSpecs } from '../model/bar-spec.ts';
import type { Clock } from '../model/clock.ts';
import { InstrumentTable } from '../model/instruments.ts';
import type { Lane, LaneRequest } from '../model/lane.ts';
import type { PlaceOfLane } from '../lane-parts.ts';
import { LaneRuntime } from '../lane-runtime.ts';
import type { GrantedLane, PipelineParts, SinkPoolLinks } from '../pipeline-parts.ts';
import { Pipeline, type Outcome } from '../pipeline.ts';
import { linesOf, parseIndicators } from '../operators/indicators/parse.ts';
import { createSink } from '../sinks/registry.ts';
import { SinkPoolRunner, type SinkPoolOptions } from '../sinks/run-sink-pool.ts';
import type { RowNames } from '../sinks/set-aside.ts';
import type { SourceOutside } from '../sources/settings.ts';
import { identityOf } from '../store/lane-errors.ts';
import type { Telling } from '../store/read-telling.ts';
import { isSameLog } from '../store/tellings.ts';
import { Happenings } from '../telemetry/happenings.ts';
import type { Logger } from '../telemetry/logger.ts';
import { MetricRegistry } from '../telemetry/registry.ts';
import { LogUntil } from '../verify/log-until.ts';
import { sourcePart } from './build-pipeline.ts';
import { showProgress } from './progress.ts';
import { version } from './version.ts';

export interface FoldAgain {
  readonly loaded: LoadedConfig;
  readonly source: Config['sources'][number];
  /** Which of the logs of the source; null where that has one. */
  readonly part: string | null;
  readonly telling: Telling;
  readonly checkpoint: NonNullable<Telling['checkpoint']>;
  /** Where the rows go: a schema of its own, in which the lane is known. */
  readonly url: string;
  /** Versions of rules of alerts that some lane has begun. */
  readonly rules: readonly AlertRule[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly shutdown: Shutdown;
}

/**
 * The pipeline of one source once more, from where its telling begins to where its checkpoint stands, as fast as it goes.
 * It takes nothing from whoever runs that lane: no generation, no checkpoint, no row of the live tables. Throws an MdpError:
 * what the source throws, `log-changed`, `settings-changed`, `rebuild-refused`. Forced by `shutdown` it comes back early.
 */
export async function foldAgain(request: FoldAgain): Promise<void> {
  const { telling, checkpoint, clock, shutdown } = request;
  const { parts, log } = partsOf(request);
  const until = new AbortController();
  const pipeline = new Pipeline(parts);
  try {
    const running = pipeline.run(shutdown, { untilEnd: true });
    void showProgress(pipeline, { clock, stream: process.stderr, until: until.signal });
    const outcome = await running;
    if (shutdown.force.aborted) return;
    refuseLosses(outcome);
  } finally {
    until.abort();
  }
  if (log.readUntil >= checkpoint.position) return;
  throw endsTooEarly(telling.lane, log.readUntil, checkpoint.position);
}

function endsTooEarly(lane: string, end: number, position: number): MdpError {
  return new MdpError('log-changed', `The log of lane ${lane} ends at position ${end}, but its checkpoint stands at ` +
    `${position}: records are missing. Take the old log back, or run \`mdp run --rebuild ${lane}\` to fold the present ` +
    'one over the stored bars.');
}

function partsOf(request: FoldAgain): { readonly parts: PipelineParts; readonly log: LogUntil } {
  const { loaded: { config }, source, part: only, checkpoint, rules, clock, shutdown } = request;
  const instruments = new InstrumentTable();
  const specs = parseBarSpecs(config.bars.specs);
  const indicators = parseIndicators(config.indicators.specs, specs);
  const names = { instruments, specNames: specs.map((spec) => spec.name), indicatorLines: linesOf(indicators) };
  const happenings = happeningsOf(request);
  const outside: SourceOutside = {
    clock, kafka: config.kafka, onTrouble: (message) => happenings.trouble(message), ...(only === null ? {} : { only }),
  };
  const part = sourcePart(source, instruments, outside);
  const log = new LogUntil(part.source, { ...checkpoint, onReached: () => shutdown.request('the position is reached') });
  const lane: PipelineParts['lane'] = {
    instruments, specs, indicators, bars: config.bars, pipeline: config.pipeline, queues: config.queues,
    sinkPolicy: config.sink.backpressure_policy, clock, events: happenings,
    alertRules: { version: 1, all: rules, begin: () => {} },
    checkpoints: { intervalMs: Infinity, encode: async () => new Uint8Array(), write: async () => 'written' },
  };
  const parts: PipelineParts = {
    name: config.name, sources: [{ ...part, ...unpaced, source: log }], lane, workers: config.sink.workers, clock,
    createSinkPool: (links) => createPool(request, names, { ...links, events: happenings.sink }),
    takeLane: async (facts, wanted) => {
      const granted = grant(facts, wanted, request);
      await refuseOtherMeaning(granted.start.lane, request, { ...lane, admission: part.admission });
      return granted;
    },
    store: () => noStore, events: happenings,
  };
  return { parts, log };
}

function happeningsOf({ loaded: { config }, log, clock }: FoldAgain): Happenings {
  const metrics = new MetricRegistry({
    pipeline: config.name, version, operator: 'time-bars', sinks: ['timescale'], clock, processMetrics: false,
  });
  return new Happenings({ logger: log, metrics, clock });
}

function createPool(
  { loaded: { config }, url, clock }: FoldAgain, names: RowNames, links: SinkPoolLinks & Pick<SinkPoolOptions, 'events'>,
): SinkPoolRunner {
  const sink = createSink({
    settings: { ...config.sink, type: 'timescale' }, names, output: process.stdout, nowMs: () => clock.nowMs(),
    database: { url, connectTimeoutMs: config.store.connect_timeout_ms },
  });
  return new SinkPoolRunner({
    ...links, sinks: [sink], names, retry: config.sink.retry, breaker: config.sink.circuit_breaker,
    batchBytesMax: config.pipeline.max_bytes, clock,
  });
}

const unpaced = { pacing: { max_msgs_per_sec: 0, burst: 0 }, speed: Infinity };

const noStore = {
  kind: 'unknown', serverVersion: '', embedded: false, hypertable: false, compression: false, retention: false,
  schemaVersion: 0,
} as const;

/** The lane as it was told, from its beginning: the table there is empty, so that every row is new. */
function grant(
  facts: Pick<Lane, 'name' | 'source' | 'pausable' | 'complete'>, wanted: LaneRequest, { telling, checkpoint }: FoldAgain,
): GrantedLane {
  const { lane, generation, fromPosition, startTimeMs } = telling;
  const { firstPosition = 0, endPosition = Infinity } = wanted;
  if (!wanted.repeatable) {
    throw new MdpError('rebuild-refused', `The log of lane ${lane} cannot be read again with its present settings: ` +
      'there is nothing to compare its rows with.');
  }
  if (!isSameLog(telling, wanted)) {
    throw new MdpError('log-changed', `The log of lane ${lane} is another one than the log that its stored bars ` +
      `were folded from: it is now "${identityOf(wanted)}", it was "${identityOf(telling)}". Nothing was compared.`);
  }
  if (firstPosition > fromPosition) {
    throw new MdpError('rebuild-refused', `The log of lane ${lane} begins at position ${firstPosition} now, but its rows ` +
      `were folded from ${fromPosition} on: what was deleted meanwhile cannot be folded again.`);
  }
  if (endPosition < checkpoint.position) throw endsTooEarly(lane, endPosition, checkpoint.position);
  return {
    start: {
      lane: { ...facts, generation, fromPosition, storedUntilMs: -Infinity }, position: fromPosition, lastRecordHash: null,
      startTimeMs, newestEventTimeMs: null,
    },
    state: null,
  };
}

type LaneParts = ConstructorParameters<typeof LaneRuntime>[2];

/** With settings that mean something else every row would differ; a restore of the checkpoint says so by name. */
async function refuseOtherMeaning(
  lane: Lane, { loaded: { config }, checkpoint }: FoldAgain, parts: Omit<LaneParts, PlaceOfLane | 'instruments'>,
): Promise<void> {
  const state = await decodeState(checkpoint.state, { lane: lane.name, bytesMax: config.checkpoint.bytes_max });
  const alone = { ...parts, instruments: new InstrumentTable(), shards: [0], sourceShare: 1, lanesOfSource: () => 1 };
  void new LaneRuntime(lane, { position: checkpoint.position, state }, alone);
}

function refuseLosses({ failures, ticksLost, rowsLost, lost }: Outcome): void {
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  if (ticksLost + rowsLost === 0) return;
  throw new MdpError('source-failed',
    `The log was folded with losses, so that nothing can be compared: ${JSON.stringify(lost)}.`);
}
