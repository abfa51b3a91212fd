import { describe, expect, it } from 'vitest';
import { collectStart } from '../../src/commands/collect-start.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Run {
  readonly clock: VirtualClock;
  readonly collectedAtMs: number[];
  busy: number;
}

function run(abort = new AbortController().signal): Run {
  const clock = new VirtualClock(0);
  const made: Run = { clock, collectedAtMs: [], busy: 0 };
  void collectStart({
    collect: () => { made.collectedAtMs.push(clock.nowMs()); }, utilization: () => made.busy, clock,
  }, abort);
  return made;
}

describe('what a start has left', () => {
  it('is collected once, when the start is over', async () => {
    const { clock, collectedAtMs } = run();
    await clock.advance(8_999);
    expect(collectedAtMs).toEqual([]);
    await clock.advance(100_000);
    expect(collectedAtMs).toEqual([9_000]);
  });

  it('is left alone while the loop has much to do', async () => {
    const made = run();
    made.busy = 0.5;
    await made.clock.advance(60_500);
    expect(made.collectedAtMs).toEqual([]);
    made.busy = 0.02;
    await made.clock.advance(10_000);
    expect(made.collectedAtMs).toEqual([61_000]);
  });

  it('is left alone where the daemon ends before', async () => {
    const abort = new AbortController();
    const made = run(abort.signal);
    await made.clock.advance(5_000);
    abort.abort();
    await made.clock.advance(60_000);
    expect(made.collectedAtMs).toEqual([]);
  });

  it('is nobody\'s to collect where Node does not offer it', async () => {
    await expect(collectStart({ collect: undefined, utilization: () => 0, clock: new VirtualClock(0) }, AbortSignal.abort()))
      .resolves.toBeUndefined();
  });
});
