import { parseArgs } from 'node:util';
import { BrokerCalls } from '../src/commands/broker-calls.ts';
import { kafkaBreaker } from '../src/commands/kafka-sink.ts';
import { TickWriter } from '../src/commands/tick-writer.ts';
import { loadConfig } from '../src/config.ts';
import { createClient } from '../src/kafka/client.ts';
import { TopicProducer } from '../src/kafka/topic-producer.ts';
import { systemClock } from '../src/lifecycle.ts';
import { InstrumentTable } from '../src/model/instruments.ts';
import { ofOneLane, type Lane, type Resume } from '../src/model/lane.ts';
import { EventPace } from '../src/pacing/event-pace.ts';
import { TickMessages } from '../src/sources/kafka/decoders/tick-messages.ts';
import { createSource } from '../src/sources/registry.ts';

/*
 * Ticks for a topic that nobody else fills: those of the seeded generator of config.yaml, in real time, until a signal.
 *
 *   KAFKA_BROKERS=127.0.0.1:9092 ./scripts/dev.sh node scripts/demo-ticks.ts --topic trade-data
 */
const { values: options } = parseArgs({ options: {
  topic: { type: 'string', default: 'trade-data' }, config: { type: 'string', multiple: true, default: [] },
} });

/** A batch spans less event time than this, ms: half of them could be told apart by eye. */
const batchSpanMs = 100;
/** Brokers that are away are waited for so long, ms; beyond, whoever restarts this looks again. */
const brokersMsMax = 300_000;
const lane: Lane = {
  name: 'demo-ticks', source: 'demo-ticks', generation: 1, pausable: true, complete: false, fromPosition: 0,
  storedUntilMs: Infinity,
};
const fromNow: Resume = {
  ...ofOneLane,
  take: async () => ({ lane, position: 0, lastRecordHash: null, startTimeMs: systemClock.nowMs(), newestEventTimeMs: null }),
};

const { config } = loadConfig({ file: 'config.yaml', overlays: options.config });
const generator = config.sources.find(({ type }) => type === 'synthetic');
if (generator === undefined) throw new Error('The configuration has no source of type synthetic.');
const instruments = new InstrumentTable();
const source = createSource('synthetic', {
  name: generator.name, values: generator.values, instruments, clock: () => systemClock.nowMs(), batchSpanMs,
});

const stopped = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort());

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const calls = new BrokerCalls({
  clock: systemClock, brokers: config.kafka.brokers, breaker: kafkaBreaker(config), longestMs: brokersMsMax,
  signal: stopped.signal, tell: say,
});
const persist = <T>(work: () => Promise<T>): Promise<T> => calls.make(`write to the topic "${options.topic}"`, work);
const kafka = createClient({ values: config.kafka, log: () => {}, retry: { retries: 3 } });
const producer = await persist(() => TopicProducer.open(kafka, options.topic));
const writer = new TickWriter({ producer, messages: new TickMessages(instruments, null), persist });
const pace = new EventPace(1);
say(`Writes the ticks of ${generator.name} to ${options.topic}, ${producer.partitions} partitions, until it is stopped.`);
for await (const batch of source.read(fromNow, stopped.signal)) {
  if (batch.kind === 'gap') continue; // A hole in the log has no message.
  await systemClock.wait(pace.waitMs(batch.eventTimeMs[batch.length - 1], systemClock.nowMs()), stopped.signal);
  if (stopped.signal.aborted) break;
  await writer.write(batch);
}
await producer.close();
say(`${writer.written} ticks were written.`);
