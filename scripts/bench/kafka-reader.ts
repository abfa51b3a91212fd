/**
 * A process of its own that reads a topic as kafkajs comes: `node kafka-reader.ts BOOTSTRAP TOPIC MESSAGES BYTES count|bars`.
 * Prints { seconds, cpuSeconds, rssBytes } from the first message to the last.
 */
import { clientOf } from './kafka-topic.ts';

const [bootstrap, topic, messages, bytes, what] = process.argv.slice(2);
const total = Number(messages);

interface Tick { readonly symbol: string; readonly price: number; readonly size: number; readonly ts: number }
interface Bar { open: number; high: number; low: number; close: number; volume: number }

const bars = new Map<string, Bar>();

/** What everybody writes first: a bar a second and one a minute. */
function fold(value: Buffer): void {
  const { symbol, price, size, ts } = JSON.parse(value.toString()) as Tick;
  for (const spanMs of [1_000, 60_000]) {
    const key = `${symbol} ${spanMs} ${Math.floor(ts / spanMs)}`;
    const bar = bars.get(key);
    if (bar === undefined) bars.set(key, { open: price, high: price, low: price, close: price, volume: size });
    else {
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
      bar.close = price;
      bar.volume += size;
    }
  }
  if (bars.size > 20_000) for (const [key] of bars) if (bars.size > 10_000) bars.delete(key);
}

let seen = 0;
let begun: { readonly ms: number; readonly cpu: NodeJS.CpuUsage } | null = null;
const done = Promise.withResolvers<void>();
const consumer = clientOf(bootstrap).consumer({
  groupId: `bench-${process.pid}`, maxBytesPerPartition: Number(bytes), maxWaitTimeInMs: 250,
});
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  autoCommit: false, partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    begun ??= { ms: performance.now(), cpu: process.cpuUsage() };
    if (what === 'bars') for (const { value } of batch.messages) fold(value!);
    seen += batch.messages.length;
    if (seen >= total) done.resolve();
  },
});
await done.promise;
const { user, system } = process.cpuUsage(begun!.cpu);
console.log(JSON.stringify({
  seconds: (performance.now() - begun!.ms) / 1_000, cpuSeconds: (user + system) / 1e6,
  rssBytes: process.resourceUsage().maxRSS * 1_024,
}));
process.exit(0);
