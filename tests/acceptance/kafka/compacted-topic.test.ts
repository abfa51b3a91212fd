import kafkajs from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/kafka/client.ts';
import { TestKafka, users, whyNoKafka } from '../../support/kafka.ts';
import { KafkaRun, type KafkaRunWish } from '../../support/kafka-run.ts';

const why = whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const tick = (index: number): string => JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: 1_600_000_000_000 + index });
const count = 20;

describe.skipIf(why !== null)(`a topic whose brokers keep only the last message of a key${leftOut}`, () => {
  let kafka: TestKafka;
  const runs: KafkaRun[] = [];
  beforeAll(async () => { kafka = await TestKafka.start({ listeners: ['sasl'], authorize: true }); });
  afterEach(() => Promise.all(runs.splice(0).map((run) => run.stop())));
  afterAll(() => kafka.dispose());

  const begin = (wish: KafkaRunWish): KafkaRun => {
    const run = new KafkaRun(kafka, wish);
    runs.push(run);
    return run;
  };
  /** To read and no more: the user may not look at settings. */
  const allowRead = async (user: string, name: string): Promise<void> => {
    const ssl = { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true };
    const sasl = { mechanism: 'none', username: null, password: null } as const;
    const values = { brokers: [kafka.bootstrap], client_id: 'test', connect_timeout_ms: 5_000, request_timeout_ms: 5_000, ssl, sasl };
    const admin = createClient({ values, log: () => {} }).admin();
    await admin.connect();
    const { TOPIC } = kafkajs.AclResourceTypes;
    await admin.createAcls({ acl: [{
      resourceType: TOPIC, resourceName: name, resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL, host: '*',
      principal: `User:${user}`, operation: kafkajs.AclOperationTypes.READ, permissionType: kafkajs.AclPermissionTypes.ALLOW,
    }] });
    await admin.disconnect();
  };
  const topic = async (name: string, policy: string): Promise<void> => {
    await kafka.createTopic(name, { config: { 'cleanup.policy': policy } });
    await kafka.produce(name, Array.from({ length: count }, (_, index) => ({ partition: 0, key: `k${index}`, value: tick(index) })));
  };

  it.each(['compact', 'compact,delete', 'delete,compact'])('is not read, and the other topic of its source is: %s', async (policy) => {
    const [compacted, plain] = [policy, 'plain'].map((name) => `${name}-of-${policy}`.replaceAll(',', '-'));
    await topic(compacted, policy);
    await topic(plain, 'delete');
    const run = begin({ keys: { topics: [compacted, plain] } });
    await run.until(({ problem }) => run.ticks === count && problem !== null);
    expect(run.status.problem).toContain(`topic ${compacted} is compacted`);
    expect(run.status.problem).toContain('cleanup.policy');
    expect(Object.fromEntries(run.consumer.partitions.map((one) => [one.topic, one.state]))).toEqual({ [compacted]: 'failed', [plain]: 'reading' });
    expect([...run.lanes.keys()]).toEqual([`${plain}/0`]);
  });

  it('is read by who may not see that, with a warning, once', async () => {
    await topic('hidden', 'delete');
    await kafka.allow('guest', 'group', 'guests');
    await allowRead('guest', 'hidden');
    const run = begin({
      keys: { topics: ['hidden'], group_id: 'guests', brokers: kafka.addresses('sasl') },
      kafka: { sasl: { mechanism: 'plain', username: 'guest', password: users.guest } },
    });
    await run.until(() => run.ticks === count);
    const told = run.problems.filter((problem) => problem.includes('compacted'));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/topic hidden .* cannot be seen .*DescribeConfigs/);
  });
});
