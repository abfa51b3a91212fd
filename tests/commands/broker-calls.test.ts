import { describe, expect, it } from 'vitest';
import { BrokerCalls } from '../../src/commands/broker-calls.ts';
import { MdpError } from '../../src/errors.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Rig {
  readonly clock: VirtualClock;
  readonly told: string[];
  /** When each call was made, ms since the beginning. */
  readonly madeAtMs: number[];
  /** Null: the brokers answer. */
  problem: Error | null;
  make(): Promise<string>;
}

function rigOf({ failures = 3, longestMs = 60_000, signal = new AbortController().signal } = {}): Rig {
  const clock = new VirtualClock(0);
  const told: string[] = [];
  const calls = new BrokerCalls({
    clock, brokers: ['b:1'], breaker: { failures, reset_ms: 10_000, drain_reset_ms: 1_000 }, longestMs, signal,
    tell: (sentence) => told.push(sentence),
  });
  const rig: Rig = {
    clock, told, madeAtMs: [], problem: new Error('away'),
    make: () => calls.make('do it', async () => {
      rig.madeAtMs.push(clock.nowMs());
      await clock.wait(100);
      if (rig.problem !== null) throw rig.problem;
      return 'done';
    }),
  };
  return rig;
}

describe('calls of a command to the brokers', () => {
  it('are made once where they answer, and nobody is told', async () => {
    const rig = rigOf();
    rig.problem = null;
    const made = rig.make();
    await rig.clock.advance(1_000);
    expect(await made).toBe('done');
    expect([rig.madeAtMs, rig.told]).toEqual([[0], []]);
  });

  it('leave brokers alone after so many failures in a row, then one of them tries, and all go on once they answer', async () => {
    const rig = rigOf({ failures: 4 });
    const all = Promise.all([rig.make(), rig.make()]);
    await rig.clock.advance(2_000);
    expect(rig.madeAtMs).toEqual([0, 0, 350, 350]);
    await rig.clock.advance(8_000);
    expect(rig.madeAtMs).toHaveLength(4);
    await rig.clock.advance(5_000); // 450 + 10,000 are over, and the probe has failed.
    expect(rig.madeAtMs.slice(4)).toEqual([10_450]);
    rig.problem = null;
    await rig.clock.advance(10_000);
    expect(rig.madeAtMs.slice(5)).toEqual([20_550, 20_650]);
    expect(await all).toEqual(['done', 'done']);
    expect(rig.told).toEqual([
      'Waits for Kafka: Could not do it at Kafka (b:1): away. Check that the brokers run, and kafka.brokers (KAFKA_BROKERS).',
      'Kafka has failed 4 times in a row: it is left alone for 10 s, then tried again (kafka.circuit_breaker).',
      'Kafka does not answer yet: it is left alone for 10 s, then tried again (kafka.circuit_breaker).',
      'Kafka answers again.',
    ]);
  });

  it('count failures in a row only', async () => {
    const rig = rigOf({ failures: 2 });
    for (let round = 0; round < 3; round++) {
      rig.problem = new Error('away');
      const made = rig.make();
      await rig.clock.advance(200);
      rig.problem = null;
      await rig.clock.advance(1_000);
      expect(await made).toBe('done');
    }
    expect(rig.told.filter((sentence) => sentence.includes('left alone'))).toEqual([]);
    expect(rig.told.filter((sentence) => sentence === 'Kafka answers again.')).toHaveLength(3);
  });

  it('are made a last time when they have waited for long enough, although the breaker is open, and say how long', async () => {
    const rig = rigOf({ failures: 1, longestMs: 4_000 });
    const made = rig.make().catch((error: unknown) => error);
    await rig.clock.advance(60_000);
    expect(rig.madeAtMs).toEqual([0, 4_000]);
    expect(await made).toMatchObject({ code: 'kafka-unreachable', message: expect.stringMatching(/^Could not do it .* Waited for 4 s\.$/) });
  });

  it('end at once with what waiting does not cure', async () => {
    const rig = rigOf();
    rig.problem = new MdpError('kafka-refused', 'There is no such topic.');
    const made = rig.make().catch((error: unknown) => error);
    await rig.clock.advance(200);
    expect(await made).toBe(rig.problem);
    expect([rig.madeAtMs, rig.told]).toEqual([[0], []]);
  });

  it.each([['a breaker that is open', 1], ['the next attempt', 100]])('wait no more for %s once they are told to stop', async (_, failures) => {
    const stop = new AbortController();
    const rig = rigOf({ failures, signal: stop.signal });
    const made = rig.make().catch((error: unknown) => error);
    await rig.clock.advance(600);
    const before = rig.madeAtMs.length;
    stop.abort();
    await rig.clock.advance(100);
    expect(await made).toMatchObject({ code: 'kafka-unreachable' });
    expect(rig.madeAtMs).toHaveLength(before);
  });
});
