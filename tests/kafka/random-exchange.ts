import { encodeFetchRequest, encodeFetchResponse, frame } from '../support/kafka-bytes.ts';
import type { SeededRandom } from '../support/faults/random.ts';
import { RandomLog, strangeRecords, type RandomPartition } from './random-log.ts';

/** A request and its answer. `partitions` by "topic/partition": what must come of them, of those that are known. */
export interface Exchange {
  readonly kind: 'fetch' | 'fetch of another version' | 'other';
  readonly version: number;
  readonly request: Buffer;
  readonly answer: Buffer;
  readonly partitions: ReadonlyMap<string, RandomPartition>;
}

export function randomExchange(random: SeededRandom, correlationId: number): Exchange {
  const kind = random.pick(['fetch', 'fetch', 'fetch', 'fetch of another version', 'other'] as const);
  if (kind === 'fetch') return randomFetch(random, correlationId);
  const version = kind === 'other' ? random.between(0, 12) : random.pick([0, 3, 12, 16]);
  const answer = random.next() < 0.5 ? frame(correlationId, Buffer.alloc(random.between(0, 300), 7))
    : encodeFetchResponse({ version: 11, correlationId, topics: [] });
  return {
    kind, version, answer, partitions: new Map(),
    request: encodeFetchRequest({ version, correlationId, apiKey: kind === 'other' ? random.pick([0, 3, 12]) : 1 }),
  };
}

function randomFetch(random: SeededRandom, correlationId: number): Exchange {
  const version = random.between(4, 11);
  const partitions = new Map<string, RandomPartition>();
  const topics = ['ticks', 'trades ✓', ''].slice(0, random.between(0, 3)).map((name) => ({
    name,
    partitions: Array.from({ length: random.between(0, 3) }, (_, number) => {
      const made = randomPartition(random, number);
      partitions.set(`${name}/${number}`, made);
      return made.wire;
    }),
  }));
  return {
    kind: 'fetch', version, partitions,
    request: encodeFetchRequest({ version, correlationId }), answer: encodeFetchResponse({ version, correlationId, topics }),
  };
}

function randomPartition(random: SeededRandom, number: number): RandomPartition {
  const nothing = { fetchedOffset: 0, wanted: [], lastOffset: null, isEasy: true };
  const wire = { partition: number, highWatermark: 500, aborted: random.pick([null, []]) };
  const kind = random.next();
  if (kind < 0.05) return { ...nothing, wire: { ...wire, errorCode: random.pick([1, 6]), records: null } };
  if (kind < 0.1) return { ...nothing, wire: { ...wire, records: Buffer.alloc(0) } };
  if (kind < 0.2) return { ...nothing, wire: { ...wire, records: strangeRecords(random) } };
  return new RandomLog(random).partition(number);
}
