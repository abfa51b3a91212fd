/** A topic full of ticks as JSON, and who reads it as kafkajs comes. */
import { CompressionTypes } from 'kafkajs';
import { createClient } from '../../src/kafka/client.ts';

export interface Topic {
  readonly name: string;
  readonly ticks: number;
  readonly symbols: number;
  readonly codec: 'none' | 'zstd';
  /** Of event time: how many ticks a bar has. */
  readonly ticksPerSecond: number;
}

export const partitions = 4;
/** Some 16 kB, as Kafka's own producer makes them unless told otherwise. */
const ticksPerBatch = 130;
const sendsAtOnce = 64;

const codecs: Readonly<Record<Topic['codec'], CompressionTypes>> = {
  none: CompressionTypes.None, zstd: CompressionTypes.ZSTD,
};
const timeouts = { connect_timeout_ms: 10_000, request_timeout_ms: 60_000 } as const;
const open = {
  sasl: { mechanism: 'none', username: null, password: null },
  ssl: { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true },
} as const;

export function clientOf(bootstrap: string): ReturnType<typeof createClient> {
  return createClient({ values: { brokers: [bootstrap], client_id: 'bench', ...timeouts, ...open }, log: () => {} });
}

/** Writes the ticks: a symbol always into the same partition. */
export async function fill(bootstrap: string, { name, ticks, symbols, codec, ticksPerSecond }: Topic): Promise<void> {
  const producer = clientOf(bootstrap).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const startMs = Date.UTC(2026, 0, 5);
  const write = async (from: number): Promise<void> => {
    const messages: { partition: number; value: string; timestamp: string }[] = [];
    for (let tick = from; tick < Math.min(ticks, from + partitions * ticksPerBatch); tick++) {
      const symbol = (tick * 7_919) % symbols;
      const timeMs = startMs + Math.floor((tick * 1_000) / ticksPerSecond);
      messages.push({
        partition: symbol % partitions, timestamp: String(timeMs),
        value: `{"symbol":"S${symbol}","price":${100 + symbol + (tick % 97) / 100},"size":${1 + (tick % 50) / 10},` +
          `"side":"${tick % 3 === 0 ? 'sell' : 'buy'}","ts":${timeMs},"trade_id":${tick}}`,
      });
    }
    await producer.send({ topic: name, acks: 1, compression: codecs[codec], messages });
  };
  for (let from = 0; from < ticks; from += sendsAtOnce * partitions * ticksPerBatch) {
    const sends = Array.from({ length: sendsAtOnce }, (_, index) => from + index * partitions * ticksPerBatch);
    await Promise.all(sends.filter((at) => at < ticks).map(write));
  }
  await producer.disconnect();
}
