import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/model/clock.ts';
import { beatWithTheLoop } from '../../src/telemetry/heartbeat.ts';

/** Beats as often as `lateMs` has entries, each wait so much longer than asked for; what was told of it, ms. */
async function toldOf(lateMs: readonly number[]): Promise<{ readonly beats: number; readonly lagsMs: number[] }> {
  const stopping = new AbortController();
  const left = [...lateMs];
  let nowMs = 1_700_000_000_000;
  const clock: Clock = {
    nowMs: () => nowMs,
    wait: (ms) => {
      const late = left.shift();
      if (late === undefined) stopping.abort();
      else nowMs += ms + late;
      return Promise.resolve();
    },
    yield: () => Promise.resolve(),
  };
  const lagsMs: number[] = [];
  let beats = 0;
  await beatWithTheLoop({ clock, beat: () => { beats++; }, lagged: (seconds) => lagsMs.push(seconds * 1_000) }, stopping.signal);
  return { beats, lagsMs };
}

describe('the heartbeat', () => {
  it('tells each beat once that was not a whole beat late', async () => {
    expect(await toldOf([0, 1.5, 250])).toEqual({ beats: 4, lagsMs: [0, 1.5, 250] });
  });

  it('counts every beat that a long stop has swallowed, with what it would have waited', async () => {
    expect((await toldOf([1_100])).lagsMs).toEqual([1_100, 850, 600, 350, 100]);
  });

  it('says nothing of a wait that came too early, as timers do by a part of a millisecond, but that it was not late', async () => {
    expect((await toldOf([-0.4])).lagsMs).toEqual([0]);
  });
});
