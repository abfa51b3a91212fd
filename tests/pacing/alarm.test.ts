import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/pacing/alarm.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

describe('an alarm', () => {
  it('wakes at the time that was asked for, once', async () => {
    const clock = new VirtualClock(0);
    const wokenAtMs: number[] = [];
    const alarm = new Alarm(clock, () => wokenAtMs.push(clock.nowMs()));
    alarm.set(100, 0);
    await clock.advance(99);
    expect(wokenAtMs).toEqual([]);
    await clock.advance(401);
    expect(wokenAtMs).toEqual([100]);
  });

  it('keeps an earlier time, and leaves a later one for an earlier', async () => {
    const clock = new VirtualClock(0);
    const wokenAtMs: number[] = [];
    const alarm = new Alarm(clock, () => wokenAtMs.push(clock.nowMs()));
    alarm.set(300, 0);
    alarm.set(100, 0);
    alarm.set(200, 0);
    await clock.advance(500);
    expect(wokenAtMs).toEqual([100]);
    alarm.set(700, 500);
    await clock.advance(300);
    expect(wokenAtMs).toEqual([100, 700]);
  });

  it('that was stopped wakes nobody, nor does one without a time', async () => {
    const clock = new VirtualClock(0);
    let woken = 0;
    const alarm = new Alarm(clock, () => { woken++; });
    alarm.set(100, 0);
    alarm.stop();
    alarm.set(Infinity, 0);
    await clock.advance(1_000);
    expect(woken).toBe(0);
  });
});
