import { TestKafka, whyNoKafka } from '../tests/support/kafka.ts';

/*
 * `./scripts/dev.sh kafka [PORT]`: an empty Kafka on 127.0.0.1 that makes a topic when it is written to, until Ctrl-C.
 */
const why = whyNoKafka();
if (why !== null) {
  console.error(why);
  process.exit(1);
}
const stopped = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
const port = Number(process.argv[2] ?? 0);
const kafka = await TestKafka.start({ settings: { 'auto.create.topics.enable': 'true' }, ...(port > 0 ? { port } : {}) });
console.log(`Kafka listens on ${kafka.bootstrap}; topics are made on first use, and gone after Ctrl-C.`);
await stopped;
await kafka.dispose();
