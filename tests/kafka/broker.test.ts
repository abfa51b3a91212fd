import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';

const why = whyNoKafka();

describe.skipIf(why !== null)(`the broker that tests run against${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start({ brokers: 2, listeners: ['proxied'] });
    await kafka.createTopic('kept', { partitions: 2, replicas: 2 });
  });
  afterAll(() => kafka.dispose());

  it('gives back what was written, and leaves out what was aborted', async () => {
    const record = {
      partition: 1, key: 'k', value: Buffer.from([0, 255]), timestampMs: 1_000, headers: [['h', 'v']] as const,
    };
    expect(await kafka.produce('kept', [record])).toEqual([[1, 0]]);
    await kafka.produce('kept', [{ partition: 1, value: 'never' }], { transaction: { id: 'a', end: 'abort' } });
    await kafka.produce('kept', [{ partition: 1, value: null }], { transaction: { id: 'b', end: 'commit' } });
    expect(await kafka.read('kept')).toEqual([
      { ...record, offset: 0, key: Buffer.from('k'), headers: [['h', Buffer.from('v')]] },
      { partition: 1, offset: 3, key: null, value: null, timestampMs: expect.any(Number) as number, headers: [] },
    ]);
    expect(await kafka.offsets('kept')).toEqual([{ begin: 0, end: 0 }, { begin: 0, end: 5 }]);
  });

  it('keeps what was written when one broker crashes and both come back', async () => {
    const before = await kafka.read('kept');
    await kafka.stop('kill', 2);
    expect(kafka.pids).toHaveLength(1);
    await kafka.stop('clean', 1);
    await kafka.startAgain();
    expect(kafka.pids).toHaveLength(2);
    expect(await kafka.read('kept')).toEqual(before);
  });

  it('keeps whoever comes through a proxy there, at each broker', async () => {
    const admin = new Kafka({ brokers: kafka.addresses('proxied'), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    await admin.disconnect();
    expect(brokers.map(({ host, port }) => `${host}:${port}`).sort()).toEqual(kafka.addresses('proxied').sort());
    expect(kafka.proxies).toHaveLength(2);
  });

  it('says how a request has failed', async () => {
    await expect(kafka.createTopic('kept')).rejects.toThrow('already exists');
    await expect(kafka.deleteTopic('nothing')).rejects.toThrow('UnknownTopicOrPartition');
  });

  it('can be played with from the command line, until Ctrl-C', async () => {
    const playing = spawn(process.execPath, ['scripts/kafka.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await once(playing.stdout.setEncoding('utf8'), 'data') as [string];
    const address = /Kafka listens on (127\.0\.0\.1:\d+)/.exec(said)?.[1];
    const client = new Kafka({ brokers: [address!], logLevel: logLevel.NOTHING });
    const producer = client.producer({ createPartitioner: () => () => 0 });
    await producer.connect();
    const [{ baseOffset }] = await producer.send({ topic: 'made-on-first-use', messages: [{ value: 'x' }] });
    await producer.disconnect();
    const ended = once(playing, 'exit');
    playing.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(baseOffset).toBe('0');
  });
});
