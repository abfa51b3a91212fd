import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type Kafka } from '../../src/kafka/client.ts';
import { readAnswer, requestFor, topicId } from '../../src/kafka/topic-id.ts';
import { kafkaSettings, kafkaSslSettings } from '../../src/kafka/settings.ts';
import type { Settings, ValuesOf } from '../../src/model/setting.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, users, whyNoKafka } from '../support/kafka.ts';

const why = whyNoKafka();

describe.skipIf(why !== null)(`the id of a topic${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  let client: Kafka;
  beforeAll(async () => {
    kafka = await TestKafka.start({ listeners: ['sasl-tls'] });
    client = createClient({
      values: {
        ...defaultsOf(kafkaSettings), brokers: kafka.addresses('sasl-tls'),
        sasl: { mechanism: 'scram-sha-256', username: 'mdp', password: users.mdp }, ssl: { ...defaultsOf(kafkaSslSettings), enabled: true, ca: kafka.certificates!.ca },
      },
      log: () => {},
    });
  });
  afterAll(() => kafka.dispose());

  it('is the same whoever is asked and however often, and another one once it was deleted and made anew', async () => {
    for (const topic of ['some', 'other']) await kafka.createTopic(topic, { partitions: 3 });
    const first = await topicId(client, 'some');
    expect(first).toMatch(/^[\w-]{22}$/);
    for (let ask = 0; ask < 6; ask++) expect(await topicId(client, 'some')).toBe(first);
    expect(await topicId(client, 'other')).not.toBe(first);
    await kafka.deleteTopic('some');
    await kafka.createTopic('some', { partitions: 3 });
    await eventually(async () => (await topicId(client, 'some').catch(() => first)) !== first);
  });

  it('is not told of a topic that is not there, and none is made by asking', async () => {
    for (let ask = 0; ask < 2; ask++) await expect(topicId(client, 'nowhere')).rejects.toThrow('The brokers do not tell of topic "nowhere" now (error 3)');
  });
});

describe('the bytes of asking for it', () => {
  it('are those of Metadata 10 behind the client\'s name', () => {
    expect(requestFor('t1').toString('hex')).toBe(['00', '02', '00'.repeat(16), '03', '7431', '00', '000000', '00'].join(''));
    const long = 'x'.repeat(200);
    expect(requestFor(long).subarray(18, 20).toString('hex')).toBe('c901'); // 201 as a varint.
  });

  /** With tags of the future in every place. */
  const tags = ['01', '05', '02', 'abcd'].join('');
  const answer = (id: string): Buffer => Buffer.from([
    tags, '00000000', '02', '00000001', '03', '6831', '00002384', '00', tags, '03', '6331', '00000001',
    '02', '0000', '03', '7431', id, '00', '01', '80000000', tags, '80000000', tags,
  ].join(''), 'hex');

  it('are read as far as the id, past what later brokers may add; an id of nothing is none', () => {
    expect(readAnswer(answer('ff'.repeat(16)))).toEqual({ errorCode: 0, id: '_____________________w' });
    expect(readAnswer(answer('00'.repeat(16)))).toEqual({ errorCode: 0, id: null });
  });

  it('that end too early are refused wherever they end', () => {
    const whole = answer('0f'.repeat(16));
    const needed = whole.length - Buffer.from(`000180000000${tags}80000000${tags}`, 'hex').length;
    expect(readAnswer(whole.subarray(0, needed)).id).not.toBeNull();
    for (let length = 0; length < needed; length++) expect(() => readAnswer(whole.subarray(0, length))).toThrow(RangeError);
  });
});

function defaultsOf<S extends Settings>(settings: S): ValuesOf<S> {
  return Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default])) as ValuesOf<S>;
}
