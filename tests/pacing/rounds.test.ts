import { describe, expect, it } from 'vitest';
import { Rounds } from '../../src/pacing/rounds.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Rig {
  readonly clock: VirtualClock;
  readonly rounds: Rounds;
  readonly failures: unknown[];
  readonly stop: AbortController;
  readonly add: (look: (abort: AbortSignal) => Promise<void>) => { readonly soon: () => void };
}

function rigOf(): Rig {
  const clock = new VirtualClock(0);
  const rounds = new Rounds(clock);
  const failures: unknown[] = [];
  return {
    clock, rounds, failures, stop: new AbortController(),
    add: (work) => {
      const look = { look: work, onFailure: (error: unknown) => { failures.push(error); } };
      rounds.add(look);
      return { soon: () => rounds.soon(look) };
    },
  };
}

describe('rounds', () => {
  it('look at everything at once and then once a second, by one timer', async () => {
    const { clock, rounds, stop, add } = rigOf();
    const seen: string[] = [];
    for (const name of ['a', 'b', 'c']) add(async () => { seen.push(`${name} ${clock.nowMs()}`); });
    const running = rounds.run(stop.signal);
    await clock.advance(2_500);
    expect(seen).toEqual([0, 1_000, 2_000].flatMap((atMs) => ['a', 'b', 'c'].map((name) => `${name} ${atMs}`)));
    expect(clock.sleepers).toBe(1);
    stop.abort();
    await running;
    expect(clock.sleepers).toBe(0);
  });

  it('leave out what is still looked at, and nothing waits for it', async () => {
    const { clock, rounds, stop, add } = rigOf();
    let [slow, quick] = [0, 0];
    add(async () => { slow++; await clock.wait(1_500); });
    add(async () => { quick++; });
    const running = rounds.run(stop.signal);
    await clock.advance(3_900);
    expect([slow, quick]).toEqual([2, 4]);
    stop.abort();
    await clock.advance(1_500);
    await running;
  });

  it('tell of a look that failed and go on, but not when the end has cut it off', async () => {
    const { clock, rounds, failures, stop, add } = rigOf();
    let [looks, isCutOff] = [0, false];
    add(async (abort) => {
      looks++;
      if (looks < 3) throw new Error(`away ${looks}`);
      await clock.wait(1e9, abort);
      isCutOff = true;
      throw new Error('cut off');
    });
    const running = rounds.run(stop.signal);
    await clock.advance(2_000);
    expect(failures.map(String)).toEqual(['Error: away 1', 'Error: away 2']);
    stop.abort();
    await running;
    expect([isCutOff, failures.length]).toEqual([true, 2]);
  });

  it('look sooner where that is asked for, and neither before they run nor after', async () => {
    const { clock, rounds, stop, add } = rigOf();
    let [looks, others] = [0, 0];
    const { soon } = add(async () => { looks++; });
    add(async () => { others++; });
    soon();
    expect(looks).toBe(0);
    const running = rounds.run(stop.signal);
    await clock.advance(500);
    soon();
    await clock.advance(100);
    expect([looks, others]).toEqual([2, 1]);
    stop.abort();
    await running;
    soon();
    expect(looks).toBe(2);
  });
});
