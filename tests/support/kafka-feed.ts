import type { LogReject, LogTick, OracleSettings } from '../oracle/log.ts';
import type { Entry, Feed } from './feeds.ts';
import type { RecordToWrite, TestKafka } from './kafka.ts';

export interface KafkaFeedWish {
  readonly name: string;
  readonly kafka: TestKafka;
  /** One log for each partition of the topic, which must not exist yet. */
  readonly logs: readonly (readonly TopicRecord[])[];
  readonly settings: OracleSettings;
  /** Keys of the entry beside those that follow from the settings. */
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly recordsPerBatch?: number;
  /** A tick as the value of a message; JSON unless given. */
  readonly tickValue?: (tick: LogTick) => string | Uint8Array;
}

/** What stands in a topic: a tick, or a message that none can be read from. */
export type TopicRecord = LogTick | LogReject;

/** A topic in a real broker that holds these logs, a tick a message, and the source that reads it: a feed a partition. */
export async function kafkaFeeds(wish: KafkaFeedWish): Promise<KafkaFeed[]> {
  const { name, kafka, logs } = wish;
  await kafka.createTopic(name, { partitions: logs.length });
  const entry = kafkaEntry(wish);
  const feeds = logs.map((_, partition) => new KafkaFeed(entry, partition, wish));
  for (const [partition, log] of logs.entries()) await feeds[partition].write(log);
  return feeds;
}

/** The source that reads it, in the configuration. */
export function kafkaEntry({ name, kafka, settings, keys = {} }: Omit<KafkaFeedWish, 'logs'>): Entry {
  return {
    name, type: 'kafka', topics: [name], brokers: [kafka.bootstrap], group_id: name, ids: settings.ids,
    zero_size: settings.zeroSize, nonpositive_price: settings.nonPositivePrice, fields: { event_time: 'ts', trade_id: 'id' }, ...keys,
  };
}

/** One partition. */
export class KafkaFeed implements Feed {
  readonly entry: Entry;
  readonly part: string;
  readonly settings: OracleSettings;
  readonly #partition: number;
  readonly #wish: KafkaFeedWish;
  readonly #log: TopicRecord[] = [];

  constructor(entry: Entry, partition: number, wish: KafkaFeedWish) {
    this.entry = entry;
    this.part = `${wish.name}/${partition}`;
    this.settings = { ...wish.settings, complete: true };
    this.#partition = partition;
    this.#wish = wish;
  }

  /** Appends to it, with the time of each record as `logTimeMs` says. */
  async write(log: readonly TopicRecord[]): Promise<void> {
    const { kafka, name, codec = 'none', recordsPerBatch = 0, tickValue = messageOf } = this.#wish;
    const records = log.map((record) => ({ partition: this.#partition, ...recordToWrite(record, tickValue) }));
    const places = await kafka.produce(name, records, { codec, recordsPerBatch });
    for (const [index, record] of log.entries()) this.#log.push({ ...record, position: places[index][1] });
  }

  async log(): Promise<readonly TopicRecord[]> {
    return this.#log;
  }

  /** Behind its last record. */
  get end(): number {
    return (this.#log.at(-1)?.position ?? -1) + 1;
  }
}

function recordToWrite(record: TopicRecord, tickValue: NonNullable<KafkaFeedWish['tickValue']>): Omit<RecordToWrite, 'partition'> {
  if (record.kind === 'reject') return { key: null, value: '{"price":' };
  const { symbol, logTimeMs } = record;
  return { key: symbol, value: tickValue(record), ...(logTimeMs === null ? {} : { timestampMs: logTimeMs }) };
}

export function messageOf({ venue, symbol, price, size, side, eventTimeMs, tradeId }: LogTick): string {
  return JSON.stringify({ id: tradeId ?? undefined, ts: eventTimeMs, venue, symbol, side, price, size: String(size) });
}
