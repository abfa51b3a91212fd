import { createHash } from 'node:crypto';
import { decodeState, encodeState, type StateLimits } from '../checkpoints/encode.ts';
import type { Config, LoadedConfig } from '../config.ts';
import { reportConfig } from '../config/describe.ts';
import { RecentMessages } from '../kafka/recent-messages.ts';
import { LiveHub } from '../live/hub.ts';
import type { Clock } from '../model/clock.ts';
import { parseBarSpecs } from '../model/bar-spec.ts';
import { InstrumentTable } from '../model/instruments.ts';
import type { StoreStatus } from '../model/status.ts';
import { baseSpecIndex } from '../operators/base-grid.ts';
import { linesOf, parseIndicators } from '../operators/indicators/parse.ts';
import { Rounds } from '../pacing/rounds.ts';
import { Pipeline, type SourcePart } from '../pipeline.ts';
import type { ServerContext } from '../server/context.ts';
import { createSink } from '../sinks/registry.ts';
import { SinkPoolRunner } from '../sinks/run-sink-pool.ts';
import { createSource } from '../sources/registry.ts';
import { parseSpeed, type SourceOutside } from '../sources/settings.ts';
import { createAlertStore } from '../store/alerts.ts';
import { writeCheckpoint } from '../store/checkpoints.ts';
import { takeLane } from '../store/lanes.ts';
import { createPositionStore } from '../store/positions.ts';
import { createStoreReader } from '../store/reader.ts';
import { Happenings } from '../telemetry/happenings.ts';
import type { Logger } from '../telemetry/logger.ts';
import { noSpans, type Spans } from '../telemetry/spans.ts';
import { MetricRegistry, type Measured } from '../telemetry/registry.ts';
import { Alerts, type AlertAudience } from './alerts.ts';
import { groupMembers } from './group-members.ts';
import { dayClosesLook } from './day-closes.ts';
import { deadLetterTopics } from './dead-letter-topics.ts';
import { announceRemoved, kafkaSink } from './kafka-sink.ts';
import { canBeReadBeside, lookAtLane } from './look-at-lanes.ts';
import type { OpenStore } from './store.ts';
import { TakeModes, type TakeWishes } from './take-modes.ts';

/** Event time that one batch of a paced source may span at real time, ms: what a live chart is late at most. */
const batchSpanMs = 10;

export interface BuildRequest {
  readonly loaded: LoadedConfig;
  readonly log: Logger;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly version: string;
  readonly wishes: TakeWishes;
  /** Makes spans; nobody unless given. */
  readonly spans?: Spans;
  /**
   * Present: another process holds the lanes, and this one looks on. It folds the same logs, takes nothing up, writes
   * nothing, and waits until `drain` fires for lanes that nobody has.
   */
  readonly looksOn?: { readonly drain: AbortSignal };
  /** Makes a source of its entry; as the registry says unless given. */
  readonly partOf?: typeof sourcePart;
}

/** The pipeline of a configuration, and what stands around it. Nothing runs yet. */
export interface Built {
  readonly pipeline: Pipeline;
  readonly happenings: Happenings;
  readonly serverContext: ServerContext;
  readonly alerts: {
    /** Rules are read: once before the pipeline runs. */
    look(abort: AbortSignal): Promise<void>;
    close(): Promise<void>;
  };
  /** What of the database is looked at while the pipeline runs: rules, alerts, what prices are compared to. */
  readonly rounds: Rounds;
  /** Told once the database is found and migrated. */
  readonly storeFound: (found: StoreStatus) => void;
}

export function buildPipeline(request: BuildRequest): Built {
  const { loaded, log, store, clock, version, wishes, spans = noSpans, partOf = sourcePart, looksOn } = request;
  const { config } = loaded;
  const instruments = new InstrumentTable();
  const specs = parseBarSpecs(config.bars.specs);
  const indicators = parseIndicators(config.indicators.specs, specs);
  const names = { instruments, specNames: specs.map((spec) => spec.name), indicatorLines: linesOf(indicators) };
  const topicSinks = looksOn === undefined ? [...kafkaSink(config, names, clock), ...deadLetterTopics(config, clock)] : [];
  const sinkSettings = looksOn === undefined ? config.sink : { ...config.sink, type: 'stub' as const };
  const metrics = new MetricRegistry({
    pipeline: config.name, version, operator: 'time-bars', clock,
    sinks: [sinkSettings.type, ...topicSinks.map(({ name }) => name)],
    processMetrics: config.telemetry.enable_metrics,
  });
  const happenings = new Happenings({ logger: log, metrics, clock, spans });
  const hub = new LiveHub({
    instruments, specs, indicatorLines: names.indicatorLines, clock, settings: config.stream,
    onUpdate: (lagSeconds) => happenings.server.updateSent(lagSeconds),
  });
  const rounds = new Rounds(clock);
  const audience: AlertAudience = {
    isThere: () => hub.status.clients > 0, publishAlerts: (news) => hub.publishAlerts(news),
  };
  const alerts = new Alerts({ config, store, clock, happenings, rounds, audience, looksOn: looksOn !== undefined });
  rounds.add(dayClosesLook({ config, store, happenings, hub, instruments }));
  const database = { url: store.url, connectTimeoutMs: config.store.connect_timeout_ms };
  const sink = createSink({ settings: sinkSettings, names, database, output: process.stdout, nowMs: () => clock.nowMs() });
  const sinks = [sink, ...topicSinks];
  const limit = { deadlineMs: config.store.statement_timeout_ms };
  const announce = announceRemoved(config);
  const baseSpec = specs[baseSpecIndex(specs)]?.name ?? null;
  const intervalMsMax = Math.max(...specs.map((spec) => spec.intervalMs));
  const modes = new TakeModes(wishes, config.name, config.sources.map((source) => source.name));
  const stateLimits = (lane: string): StateLimits => ({ lane, bytesMax: config.checkpoint.bytes_max });
  const recent = new RecentMessages(config.kafka.recent_messages);
  const members = groupMembers({
    database: store.database, limit, pipeline: config.name, instance: config.kafka.instance,
  });
  const outside: SourceOutside = {
    clock, kafka: config.kafka, recent, isTraced: spans !== noSpans,
    ...(looksOn === undefined ? { members } : { looksOn: true }),
    onTrouble: (message) => happenings.trouble(message),
    onDead: (source, error) => pipeline.failSource(source, error),
  };
  let storeStatus = unknownStore(store);
  const pipeline = new Pipeline({
    name: config.name,
    sources: config.sources.filter((source) => looksOn === undefined || canBeReadBeside(source))
      .map((source) => partOf(source, instruments, outside)),
    lane: {
      instruments, specs, indicators, bars: config.bars, pipeline: config.pipeline, queues: config.queues,
      sinkPolicy: config.sink.backpressure_policy, clock, events: happenings, live: hub,
      ...(looksOn === undefined ? { alertRules: alerts.rules } : {}),
      checkpoints: {
        intervalMs: looksOn === undefined ? config.checkpoint.interval_ms : Infinity,
        encode: (lane, state) => encodeState(state, stateLimits(lane.name)),
        write: (checkpoint, abort) => writeCheckpoint(store.database, { ...limit, abort }, { ...checkpoint, announce }),
      },
    },
    workers: config.sink.workers,
    createSinkPool: ({ groups, onLaneLost }) => new SinkPoolRunner({
      groups, onLaneLost, sinks, names, retry: config.sink.retry, breaker: config.sink.circuit_breaker,
      batchBytesMax: config.pipeline.max_bytes, clock, events: happenings.sink,
    }),
    takeLane: async (lane, request) => {
      const wish = { ...lane, request, mode: modes.take(lane), nowMs: clock.nowMs(), intervalMsMax, baseSpec };
      const { start, state, storedBars } = looksOn === undefined ? await takeLane(store.database, limit, wish)
        : await lookAtLane({ ...looksOn, database: store.database, limit, clock, onWait: outside.onTrouble }, lane, request);
      const decoded = state === null ? null : await decodeState(state, stateLimits(lane.name));
      happenings.laneTaken(start.lane, { position: start.position, isRestored: decoded !== null });
      return { start, storedBars, state: decoded };
    },
    store: () => storeStatus, clock, events: happenings,
  });
  const isPruned = Object.keys(config.store.retention).length > 0;
  return {
    pipeline, happenings,
    alerts: { look: (abort) => alerts.rules.look(abort), close: () => alerts.close() }, rounds,
    serverContext: {
      settings: config.server, telemetry: config.telemetry, badInput: config.dead_letters,
      pipeline: { ...measuredOf(pipeline), live: () => hub.status, alerts: () => alerts.counts() },
      live: { hub, settings: config.stream },
      store: createStoreReader(store.readDatabase, config.store.read_timeout_ms, isPruned),
      positions: createPositionStore(store.readDatabase, config.store.read_timeout_ms), metrics,
      events: happenings.server, clock,
      version, configDigest: digestOf(loaded), recentTopics: recent,
      alerts: {
        store: createAlertStore(store.readDatabase, config.store.read_timeout_ms),
        scope: { rulesMax: config.alerts.rules_max, specNames: names.specNames, lines: names.indicatorLines },
      },
    },
    storeFound: (found) => {
      storeStatus = found;
      happenings.storeFound(found);
    },
  };
}

function measuredOf(pipeline: Pipeline): Pick<Measured, 'status' | 'takeHighWater'> {
  return { status: () => pipeline.status(), takeHighWater: () => pipeline.takeHighWater() };
}

export function sourcePart(
  source: Config['sources'][number], instruments: InstrumentTable, outside: SourceOutside,
): SourcePart {
  const { name, type, values } = source;
  const speed = parseSpeed(name, values.speed);
  const made = createSource(type, {
    name, values, instruments, outside, clock: () => outside.clock.nowMs(),
    batchSpanMs: speed === Infinity ? Infinity : batchSpanMs * speed,
  });
  return { source: made, type, pacing: values, speed, complete: values.complete, admission: values };
}

function unknownStore(store: OpenStore): StoreStatus {
  return {
    kind: 'unknown', serverVersion: '', embedded: store.embedded !== null, hypertable: false, compression: false,
    retention: false, schemaVersion: 0,
  };
}

/** Of the effective configuration with its secrets masked: equal for equal configurations. */
function digestOf(loaded: LoadedConfig): string {
  const settings = reportConfig(loaded).settings.map(({ key, value }) => [key, value]);
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}
