/**
 * Writes ticks as JSON to a topic at a steady rate, a process of its own, until it is ended: each tick carries the moment at
 * which it was made. What could not be written in time is made up for.
 */
import { clientOf } from './kafka-topic.ts';

const [bootstrap, topic, rate, symbols, partitions] = process.argv.slice(2);
const [perSecond, symbolCount, partitionCount] = [Number(rate), Number(symbols), Number(partitions)];
const everyMs = 5;
/** On a machine that is too slow it falls behind and says so; one call must stay below what brokers take. */
const ticksPerCallMax = 20_000;

const producer = clientOf(bootstrap).producer({ allowAutoTopicCreation: false });
await producer.connect();
const startMs = performance.now();
let made = 0;
for (;;) {
  const sinceMs = performance.now() - startMs;
  const due = Math.floor((sinceMs * perSecond) / 1_000) - made;
  if (due > 0) await write(Math.min(due, ticksPerCallMax));
  const restMs = everyMs - (performance.now() - startMs - sinceMs);
  if (restMs > 0) await new Promise((resolve) => { setTimeout(resolve, restMs); });
}

async function write(count: number): Promise<void> {
  const ts = (performance.timeOrigin + performance.now()).toFixed(3);
  const messages = Array.from({ length: count }, (_, index) => {
    const tick = made + index;
    const symbol = (tick * 7_919) % symbolCount;
    return {
      partition: symbol % partitionCount,
      value: `{"symbol":"S${symbol}","price":${100 + symbol + (tick % 97) / 100},"size":${1 + (tick % 50) / 10},` +
        `"side":"${tick % 3 === 0 ? 'sell' : 'buy'}","ts":${ts}}`,
    };
  });
  made += count;
  await producer.send({ topic, acks: 1, messages });
}
