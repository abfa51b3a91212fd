import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchTap } from '../../src/kafka/fetch-tap.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { lastValue, partitions, produceToAll, readByJava, readThrough, records } from './read-topic.ts';

const why = whyNoKafka();

describe.skipIf(why !== null)(`a topic that is read through the tap${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;

  beforeAll(async () => {
    kafka = await TestKafka.start({ brokers: 2 });
  });
  afterAll(() => kafka.dispose());

  it('is whole when one of its brokers dies meanwhile and comes back', async () => {
    const name = 'interrupted';
    await kafka.createTopic(name, { partitions });
    await kafka.produce(name, records(900, 'before'), { recordsPerBatch: 20 });
    const tap = new FetchTap();
    const reading = readThrough(tap, kafka, { name });
    await eventually(() => tap.counts.batches > 0);
    await kafka.stop('kill', 2);
    await kafka.startAgain(2);
    await kafka.produce(name, records(900, 'after'), { recordsPerBatch: 20 });
    await produceToAll(kafka, name, 'end', lastValue);
    expect(await reading).toEqual(await readByJava(kafka, name));
  });
});
