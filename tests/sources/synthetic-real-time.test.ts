import { describe, expect, it } from 'vitest';
import { readAll, syntheticOf } from './reading.ts';

describe('the generator in real time', () => {
  const nowMs = 1_800_000_000_000;

  it('begins at our clock, as a log that cannot be read again, always at its end', async () => {
    const seen = await readAll(syntheticOf({ speed: '1', count: 100, nowMs, batchSpanMs: 10 }), {
      position: 40,
    });
    expect(seen.requests[0].repeatable).toBe(false);
    expect(seen.ticks[0]).toMatchObject({ position: 40 });
    expect(seen.ticks[0].eventTimeMs).toBeGreaterThanOrEqual(nowMs);
    expect(seen.ticks[0].eventTimeMs).toBeLessThan(nowMs + 100);
    expect([...seen.atLogEnd]).toEqual([true]);
    expect(seen.gaps).toEqual([]);
  });

  it('begins with a gap from where the last telling ended', async () => {
    const seen = await readAll(syntheticOf({ speed: '1', count: 5, nowMs }), {
      newestEventTimeMs: nowMs - 60_000,
    });
    expect(seen.gaps).toMatchObject([
      { reason: 'restart', position: 0, fromMs: nowMs - 60_000, untilMs: nowMs, venue: 'all' },
    ]);
    expect(seen.ticks.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
  });

  it('begins with a gap of each venue from where its own time had come, where that is known', async () => {
    const made = syntheticOf({ speed: '1', count: 5, nowMs });
    const knownUntilMs = new Map([['one', nowMs - 90_000], ['two', nowMs - 70_000]]);
    const seen = await readAll(made, { knownUntilMs, newestEventTimeMs: nowMs - 60_000 });
    expect(seen.gaps).toMatchObject([
      { reason: 'restart', venue: made.instruments.venueIndex('one'), fromMs: nowMs - 90_000, untilMs: nowMs },
      { reason: 'restart', venue: made.instruments.venueIndex('two'), fromMs: nowMs - 70_000, untilMs: nowMs },
    ]);
  });

  it('never goes back in event time, even where the last telling ran ahead of our clock', async () => {
    const newestEventTimeMs = nowMs + 3_600_000;
    const seen = await readAll(syntheticOf({ speed: '100', count: 5, nowMs }), { newestEventTimeMs });
    expect(seen.ticks[0].eventTimeMs).toBeGreaterThan(newestEventTimeMs);
  });

  it('gives ids that rise over restarts', async () => {
    const first = await readAll(syntheticOf({ speed: '1', count: 1_000, symbols: 1, nowMs }));
    const second = await readAll(syntheticOf({ speed: '1', count: 10, symbols: 1, nowMs: nowMs + 1_000 }));
    expect(Number(second.ticks[0].tradeId)).toBeGreaterThan(Number(first.ticks.at(-1)!.tradeId));
  });
});

describe('what tells one generated log from another', () => {
  const identity = async (wishes: Parameters<typeof syntheticOf>[0]): Promise<string> =>
    (await readAll(syntheticOf({ count: 1, ...wishes }))).requests[0].logIdentity;

  it('is what shapes it, not how it is read', async () => {
    const first = await identity({});
    expect(await identity({ batch_ticks: 7, max_msgs_per_sec: 5 })).toBe(first);
    expect(await identity({ seed: 2 })).not.toBe(first);
    expect(await identity({ symbols: 21 })).not.toBe(first);
  });

  it('is not its length, unless its end was declared final', async () => {
    expect(await identity({ count: 2 })).toBe(await identity({ count: 3 }));
    expect(await identity({ count: 2, complete: true })).not.toBe(
      await identity({ count: 3, complete: true }),
    );
  });
});
