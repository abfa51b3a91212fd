import { MdpError } from '../../errors.ts';
import { createClient, type Kafka, type KafkaMessage } from '../../kafka/client.ts';
import { kafkaError } from '../../kafka/kafka-error.ts';
import { RawMessage } from '../../kafka/record-cursor.ts';
import { TopicProducer } from '../../kafka/topic-producer.ts';
import type { Lane } from '../../model/lane.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import type { FoundRecord, LogEnd, RecordPlace } from '../log-end.ts';
import type { SourceContext, SourceOutside } from '../settings.ts';
import { ColumnPool } from '../tick-columns.ts';
import { createDecoder } from './decoders/registry.ts';
import { FetchedTicks } from './fetched-ticks.ts';
import { findMessages } from './find-messages.ts';
import { MessageTail } from './message-tail.ts';
import { fillMessage } from './plain-message.ts';
import type { KafkaSourceValues } from './source-settings.ts';

/**
 * The end of the partition that `logIdentity` names, as take-up.ts writes it. Throws an MdpError `dead-letter-refused`
 * where the source reads no such partition, `kafka-unreachable` or `kafka-refused`.
 */
export async function openKafkaLogEnd(
  context: SourceContext<KafkaSourceValues>, logIdentity: string,
): Promise<LogEnd> {
  const { name, values, outside } = context;
  const [, topic, partition] = /^.*\/([^/]+)\/(\d+)$/.exec(logIdentity) ?? [];
  if (outside === undefined || topic === undefined || !values.topics.includes(topic)) {
    const what = topic === undefined ? 'a log that is no partition of Kafka' : `topic ${topic}, which it reads no more`;
    throw new MdpError('dead-letter-refused', `Source "${name}": its letters are of ${what}. The letters stay.`);
  }
  const brokers = values.brokers.length > 0 ? values.brokers : outside.kafka.brokers;
  const kafka = createClient({ values: { ...outside.kafka, brokers }, log: () => {} });
  const asking = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw kafkaError(error, brokers, doing);
    }
  };
  const clusterId = await asking('ask for the cluster', () => clusterOf(kafka));
  const place = { topic, partition: Number(partition) };
  return new KafkaLogEnd({ context, outside, kafka, clusterId, place, asking });
}

interface Parts {
  readonly context: SourceContext<KafkaSourceValues>;
  readonly outside: SourceOutside;
  readonly kafka: Kafka;
  readonly clusterId: string;
  readonly place: { readonly topic: string; readonly partition: number };
  /** What fails is an MdpError. */
  readonly asking: <T>(doing: string, work: () => Promise<T>) => Promise<T>;
}

class KafkaLogEnd implements LogEnd {
  readonly identity: string;
  readonly isOfLines = false;
  readonly #parts: Parts;
  readonly #name: string;
  readonly #closed = new AbortController();
  /** By offset. */
  #found: ReadonlyMap<number, KafkaMessage> = new Map();
  #producer: TopicProducer | null = null;

  constructor(parts: Parts) {
    const { clusterId, place: { topic, partition } } = parts;
    this.#parts = parts;
    this.#name = `${topic}/${partition}`;
    this.identity = `${clusterId}/${this.#name}`;
  }

  async find(wanted: readonly RecordPlace[]): Promise<ReadonlyMap<string, FoundRecord>> {
    const { context: { values }, outside: { kafka: shared, clock }, kafka, place, asking } = this.#parts;
    this.#found = await asking(`read ${this.#name}`, () => findMessages(kafka, {
      ...place, offsets: wanted.map(({ position }) => position), groupPrefix: values.group_id ?? shared.group_id, clock,
      patienceMs: values.session_timeout_ms + shared.request_timeout_ms,
    }));
    return new Map(wanted.flatMap(({ place: at, position }) => {
      const message = this.#found.get(position);
      if (message === undefined) return [];
      return [[at, { bytes: message.value ?? nothing, unfit: null, logTimeMs: Number(message.timestamp) }] as const];
    }));
  }

  async judge(record: Uint8Array, original: RecordPlace): Promise<TickBatch | null> {
    const { context, outside: { clock, onTrouble } } = this.#parts;
    const { name, values, instruments } = context;
    const ticks = new FetchedTicks({
      lane: laneOf(name), log: this.#name, pool: new ColumnPool(values.batch_ticks, values.ids, true), nowMs: context.clock,
      batchTicks: values.batch_ticks, batchSpanMs: Infinity, tail: new MessageTail(),
      decoder: createDecoder({ source: name, values, instruments, clock, abort: this.#closed.signal, onTrouble }),
    }, 0);
    const message = new RawMessage();
    fillMessage(message, { ...this.#messageOf(record, original), timestamp: String(clock.nowMs()), offset: '0' });
    for (let before = ticks.add(message); before !== null; before = ticks.add(message)) {
      if (before instanceof Promise) await this.#inTime(before);
    }
    return ticks.take(true);
  }

  /** To the partition that it came from, whatever its key, with the key and the headers that it had. */
  async append(record: Uint8Array, original: RecordPlace): Promise<string> {
    const { kafka, place: { topic, partition }, asking } = this.#parts;
    return asking(`write to ${this.#name}`, async () => {
      this.#producer ??= await TopicProducer.open(kafka, topic);
      const headers = this.#found.get(original.position)?.headers;
      const message = { ...this.#messageOf(record, original), ...(headers === undefined ? {} : { headers }) };
      return `${this.#name}:${await this.#producer.send(partition, [message])}`;
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#producer?.close();
  }

  /** Decoding waits for a schema for as long as it takes; people do not. */
  async #inTime(ready: Promise<void>): Promise<void> {
    const { context: { name }, outside: { clock, kafka: { request_timeout_ms: patienceMs } } } = this.#parts;
    const waited = new AbortController();
    const isReady = await Promise.race([
      ready.then(() => true), clock.wait(patienceMs, waited.signal).then(() => false),
    ]).finally(() => waited.abort());
    if (isReady) return;
    throw new MdpError('dead-letter-refused', `Source "${name}": what is needed to read the record did not come within ` +
      `${patienceMs} ms; is the schema registry away? The letters stay.`);
  }

  #messageOf(record: Uint8Array, { position }: RecordPlace): Pick<KafkaMessage, 'key' | 'value'> {
    const found = this.#found.get(position);
    const isTombstone = record.length === 0 && found?.value === null;
    return { key: found?.key ?? null, value: isTombstone ? null : Buffer.from(record) };
  }
}

const nothing = Buffer.alloc(0);

async function clusterOf(kafka: Kafka): Promise<string> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).clusterId;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** Ticks of a record that is only looked at belong to no lane. */
function laneOf(source: string): Lane {
  return { name: source, source, generation: 0, pausable: true, complete: false, fromPosition: 0, storedUntilMs: Infinity };
}
