import type { KafkaValues } from '../../src/kafka/settings.ts';
import {
  kafkaRecentMessagesSettings, kafkaSaslSettings, kafkaSettings, kafkaSslSettings, kafkaTopicStatsSettings,
  kafkaWatchdogSettings,
} from '../../src/kafka/settings.ts';
import { RecentMessages } from '../../src/kafka/recent-messages.ts';
import { systemClock } from '../../src/lifecycle.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane, LaneRequest, LaneRoom, LaneStart, Resume } from '../../src/model/lane.ts';
import type { Settings, ValuesOf } from '../../src/model/setting.ts';
import type { ConsumerStatus, SourceStatus } from '../../src/model/status.ts';
import { KafkaSource } from '../../src/sources/kafka.ts';
import { kafkaSourceSettings } from '../../src/sources/kafka/source-settings.ts';
import type { LogItem } from '../../src/sources/run-source.ts';
import { SourceRunner } from '../../src/sources/run-source.ts';
import { eventually } from './eventually.ts';
import type { TestKafka } from './kafka.ts';

export interface KafkaRunWish {
  /** Keys of the source over their defaults; `topics` at least. */
  readonly keys: Partial<ValuesOf<typeof kafkaSourceSettings>>;
  /** Keys of the section `kafka` over their defaults. */
  readonly kafka?: Partial<KafkaValues>;
  /** Called before each item is taken; what it waits for holds the source back. */
  readonly onItem?: (item: LogItem) => Promise<void> | void;
  /** Resolves when rows can be written; at once unless given. */
  readonly sinkReady?: (signal: AbortSignal) => Promise<void>;
  /** Partitions whose lanes have no room, `topic/0`; may change. */
  readonly full?: ReadonlySet<string>;
  readonly instruments?: InstrumentTable;
}

/** Messages of symbol, price, size and ts. */
export const plainTicks = { fields: { event_time: 'ts' }, ids: 'absent' } as const;

let groups = 0;

/** A Kafka source under its runner, in front of lanes that take everything and remember nothing. */
export class KafkaRun {
  readonly source: KafkaSource;
  readonly runner: SourceRunner;
  readonly recent: RecentMessages;
  ticks = 0;
  /** By partition, `topic/0`. */
  readonly lanes = new Map<string, Lane>();
  readonly problems: string[] = [];
  readonly ended: Promise<void>;
  readonly #drain = new AbortController();

  constructor(kafka: TestKafka, wish: KafkaRunWish) {
    this.recent = new RecentMessages(defaultsOf(kafkaRecentMessagesSettings));
    const values = { ...defaultsOf(kafkaSourceSettings), session_timeout_ms: 2_000, ...plainTicks, ...wish.keys };
    this.source = new KafkaSource({
      name: 'kafka', values, instruments: wish.instruments ?? new InstrumentTable(), clock: () => systemClock.nowMs(), batchSpanMs: Infinity,
      outside: {
        clock: systemClock, recent: this.recent, onTrouble: (problem) => this.problems.push(problem),
        onDead: (_, error) => this.runner.fail(error),
        kafka: kafkaValues({ brokers: [kafka.bootstrap], group_id: `run-${++groups}`, ...wish.kafka }),
      },
    });
    this.runner = new SourceRunner({
      source: this.source, type: 'kafka', speed: Infinity, pacing: { max_msgs_per_sec: 0, burst: 0 }, clock: systemClock,
      resume: new LanesWithoutEnd(this.lanes, wish.full ?? new Set()), sinkReady: wish.sinkReady ?? (() => Promise.resolve()),
      deliver: async (item) => {
        await wish.onItem?.(item);
        if (item.kind !== 'ticks') return true;
        this.ticks += item.length;
        item.release?.();
        return true;
      },
      events: {
        batchRead: () => {}, sourceStarted: () => {}, sourceEnded: () => {}, sourceFailed: () => {},
        sourceDisconnected: (_, problem) => this.problems.push(problem),
      },
    });
    this.ended = this.runner.run(this.#drain.signal);
  }

  get consumer(): ConsumerStatus {
    return this.source.consumer();
  }

  get status(): SourceStatus {
    return this.runner.status();
  }

  async until(condition: (status: SourceStatus) => boolean, longestMs?: number): Promise<void> {
    await eventually(() => condition(this.status), longestMs).catch((error: unknown) => {
      throw new Error(`${condition.toString()} with ${this.ticks} ticks and ${JSON.stringify(this.status)}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    this.#drain.abort();
    await this.ended;
    await this.source.close();
  }
}

/** The section `kafka`, over its defaults. */
export function kafkaValues(overrides: Partial<KafkaValues>): KafkaValues {
  return {
    ...defaultsOf(kafkaSettings), sasl: defaultsOf(kafkaSaslSettings), ssl: defaultsOf(kafkaSslSettings),
    topic_stats: defaultsOf(kafkaTopicStatsSettings), watchdog: defaultsOf(kafkaWatchdogSettings), ...overrides,
  };
}

/** Every lane begins at the beginning of its log, and has room for everything unless it is one of the full ones. */
class LanesWithoutEnd implements Resume {
  readonly #lanes: Map<string, Lane>;

  readonly #full: ReadonlySet<string>;

  constructor(lanes: Map<string, Lane>, full: ReadonlySet<string>) {
    this.#lanes = lanes;
    this.#full = full;
  }

  async take(request: LaneRequest): Promise<LaneStart> {
    const lane: Lane = {
      name: `run/kafka/${request.part}`, source: 'kafka', pausable: true, complete: false, generation: 1, fromPosition: 0,
      storedUntilMs: -Infinity,
    };
    this.#lanes.set(request.part!, lane);
    return {
      lane, position: request.beginAt ?? 0, lastRecordHash: null, startTimeMs: 0, knownUntilMs: new Map(), newestEventTimeMs: null,
    };
  }

  release(): void {}

  room({ name }: Lane): LaneRoom {
    const hasRoom = (): boolean => !this.#full.has(name.slice('run/kafka/'.length));
    return {
      hasRoomFor: hasRoom,
      whenRoomFor: (_, signal) => eventually(() => hasRoom() || signal.aborted, 60_000),
    };
  }
}

function defaultsOf<S extends Settings>(settings: S): ValuesOf<S> {
  return Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default])) as ValuesOf<S>;
}
