import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HealthRow } from '../../../src/server/health.ts';
import { InstrumentTable } from '../../../src/model/instruments.ts';
import type { ConsumerStatus } from '../../../src/model/status.ts';
import { judgeConsumers } from '../../../src/server/consumer-health.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { KafkaRun, plainTicks, type KafkaRunWish } from '../../support/kafka-run.ts';
import { statusOf } from '../../support/pipeline-status.ts';

const why = whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const tick = (index: number): string => JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: 1_600_000_000_000 + index });
const count = 8_000;
/** Many small Fetches: a broker that is stopped is stopped while it is read. */
const slowly = { max_bytes_per_partition: 1_024, batch_ticks: 10 };
const none = { stall_ms: 0, restarts_max: 0 };

describe.skipIf(why !== null)(`a consumer that does not read any more${leftOut}`, () => {
  let kafka: TestKafka;
  let topics = 0;
  const runs: KafkaRun[] = [];
  beforeAll(async () => { kafka = await TestKafka.start(); });
  afterEach(async () => {
    kafka.thaw();
    await Promise.all(runs.splice(0).map((run) => run.stop()));
  });
  afterAll(() => kafka.dispose());

  const begin = async (wish: Omit<KafkaRunWish, 'keys'> & { readonly keys?: KafkaRunWish['keys'] }): Promise<KafkaRun> => {
    const topic = `watched-${++topics}`;
    await kafka.createTopic(topic);
    await kafka.produce(topic, Array.from({ length: count }, (_, index) => ({ partition: 0, value: tick(index) })), { recordsPerBatch: 10 });
    const run = new KafkaRun(kafka, { ...wish, keys: { topics: [topic], ...slowly, ...wish.keys } });
    runs.push(run);
    return run;
  };
  const healthOf = (run: KafkaRun): HealthRow => judgeConsumers(statusOf({ sources: [run.status] }))[0];

  // With the short deadline kafkajs gives the broker up again and again; with the long one it says nothing at all.
  it.each([500, 60_000])('because its broker is frozen fails health, then the source, with requests of %i ms', async (request_timeout_ms) => {
    const run = await begin({ kafka: { request_timeout_ms, connect_timeout_ms: 500, watchdog: { ...none, stall_ms: 1_000 } } });
    await run.until(() => run.ticks > 500);
    kafka.freeze();
    const seen: ConsumerStatus['connection'][] = [];
    await run.until(() => {
      seen.push(run.consumer.connection);
      return healthOf(run).status === 'unhealthy';
    });
    expect(run.runner.failure).toBeNull();
    expect(healthOf(run).message).toMatch(/none has come for .* the process ends|The process ends after/);
    expect(run.consumer.watchdog.silentMs).toBeGreaterThanOrEqual(1_000);
    await run.ended;
    expect(run.ticks).toBeLessThan(count);
    expect(run.runner.failure).toMatchObject({ code: 'kafka-consumer-dead', exitCode: 9 });
    expect(run.runner.failure!.message).toMatch(/silent for \d+ s although records wait/);
    expect(run.status.state).toBe('failed');
  });

  it('for a moment goes on, and nothing is missing', async () => {
    const run = await begin({ kafka: { request_timeout_ms: 1_000, connect_timeout_ms: 500, watchdog: { ...none, stall_ms: 1_000 } } });
    await run.until(() => run.ticks > 500);
    kafka.freeze();
    await run.until(() => healthOf(run).status === 'unhealthy');
    kafka.thaw();
    await run.until(() => run.consumer.partitions[0]?.lag === 0);
    expect(run.runner.failure).toBeNull();
    expect([healthOf(run).status, run.consumer.watchdog.silentMs]).toEqual(['healthy', 0]);
    expect(run.ticks).toBeGreaterThanOrEqual(count);
  });

  it('because we do not want to is let be', async () => {
    let isOpen = false;
    const stallMs = 300;
    const wait = (): Promise<void> => eventually(() => isOpen);
    const run = await begin({ kafka: { watchdog: { ...none, stall_ms: stallMs } }, sinkReady: wait });
    await run.until(() => run.consumer.partitions[0]?.state === 'reading');
    let silentMsMax = 0;
    const untilMs = Date.now() + 5 * stallMs;
    await run.until(() => {
      silentMsMax = Math.max(silentMsMax, run.consumer.watchdog.silentMs);
      return Date.now() > untilMs;
    });
    expect([run.ticks, run.runner.failure]).toEqual([0, null]);
    expect(silentMsMax).toBeLessThan(stallMs);
    isOpen = true;
    await run.until(() => run.ticks === count);
  });

  it('because it ends again and again fails health, then the source', async () => {
    const run = await begin({ kafka: { watchdog: { ...none, restarts_max: 4 } }, instruments: new BrokenTable() });
    await run.until(() => healthOf(run).status === 'unhealthy');
    expect(run.consumer.watchdog.vainSessions).toBeGreaterThanOrEqual(2);
    await run.ended;
    expect(run.runner.failure).toMatchObject({ code: 'kafka-consumer-dead', exitCode: 9 });
    expect(run.runner.failure!.message).toMatch(/joined its group [4-6] times in a row/);
    expect(run.consumer).toMatchObject({ messages: 0, connection: 'lost' });
    expect(run.problems.join('\n')).toContain('planted');
  });

  it('is let be where the limits are 0', async () => {
    const run = await begin({ kafka: { watchdog: none }, instruments: new BrokenTable() });
    await run.until(() => run.consumer.watchdog.vainSessions >= 4);
    expect([run.runner.failure, healthOf(run).status]).toEqual([null, 'degraded']);
  });

  it('because its broker died is counted, begun anew, and reads all', async () => {
    const run = await begin({ kafka: { request_timeout_ms: 1_000, connect_timeout_ms: 500, watchdog: { ...none, restarts_max: 2 } } });
    await run.until(() => run.ticks > 500);
    await kafka.stop('kill');
    await run.until(() => run.consumer.crashes > 0 && run.consumer.connection === 'lost');
    expect(healthOf(run)).toMatchObject({ status: 'degraded' });
    await kafka.startAgain();
    await run.until(() => run.consumer.partitions[0]?.lag === 0, 60_000);
    expect(run.runner.failure).toBeNull();
    expect(run.ticks).toBeGreaterThanOrEqual(count);
    expect(run.consumer.sessions).toBeGreaterThan(1);
  });

  it('ends the daemon with an exit code of its own, and what was read is written', async () => {
    await kafka.createTopic('daemon');
    await kafka.produce('daemon', Array.from({ length: count }, (_, index) => ({ partition: 0, value: tick(index) })), { recordsPerBatch: 10 });
    const source = { name: 'ticks', type: 'kafka', topics: ['daemon'], brokers: [kafka.bootstrap], ...plainTicks, ...slowly, max_msgs_per_sec: 5_000, burst: 10 };
    const daemon = new DaemonProcess({ config: JSON.stringify({
      name: 'watched', sources: [source], kafka: { connect_timeout_ms: 500, watchdog: { stall_ms: 1_000 } }, bars: { specs: ['1s'] },
    }) });
    try {
      await daemon.ready();
      await eventually(async () => (await daemon.status<{ ticks: { received: number } }>()).ticks.received > 500);
      kafka.freeze();
      expect(await daemon.ended()).toBe(9);
      expect(daemon.log).toMatch(/silent for \d+ s/);
      expect(daemon.log).toContain('Everything that was read is committed.');
    } finally {
      await daemon.stop('SIGKILL');
    }
  });
});

/** A fault of our own, which no message of the log has caused. */
class BrokenTable extends InstrumentTable {
  override intern(): number {
    throw new Error('planted');
  }
}
