import { afterAll, describe, expect, it } from 'vitest';
import { zstdCompressSync } from 'node:zlib';
import { readAll, replayOf, syntheticOf, TestFolder, type TestSource } from './reading.ts';

/** What every source that can be read again promises, on each of them. `cut` says how batches are cut. */
interface Candidate {
  readonly name: string;
  readonly create: (cut: { batch_ticks: number; batchSpanMs: number }) => TestSource;
}

const folder = new TestFolder();
afterAll(() => folder[Symbol.dispose]());
const lines = Array.from({ length: 500 }, (_, n) => {
  const timeMs = 1_570_752_000_000 + n * 7 - (n % 9 === 0 ? 20 : 0);
  return n % 11 === 5
    ? `${n},oops`
    : `${n},${timeMs},${n % 2 === 0 ? 'buy' : 'sell'},${100 + (n % 7) / 10},${1 + (n % 3)}`;
});
const header = 'trade_id,event_time_ms,side,price,size';
const text = (from: number, until: number): string => `${header}\n${lines.slice(from, until).join('\n')}\n\n`;
const files = [
  folder.write('a.csv', text(0, 200)),
  folder.write('b.csv', header),
  folder.write('c.csv.zst', zstdCompressSync(text(200, 500))),
];

const candidates: readonly Candidate[] = [
  {
    name: 'synthetic',
    create: (cut) =>
      syntheticOf({
        ...cut,
        count: 700,
        seed: 5,
        venues: 2,
        symbols: 3,
        disorder_share: 0.1,
        late_share: 0.02,
        duplicate_share: 0.05,
        poison_share: 0.01,
        outage_every_s: 0.05,
        outage_s: 0.02,
      }),
  },
  { name: 'replay', create: (cut) => replayOf({ ...cut, files }) },
];

const whole = { batch_ticks: 1_000, batchSpanMs: Infinity };

describe.each(candidates)('the $name source', ({ create }) => {
  it('gives the same log however it is cut into batches', async () => {
    const wanted = await readAll(create(whole));
    expect(wanted.ticks.length).toBeGreaterThan(400);
    for (const cut of [
      { batch_ticks: 1, batchSpanMs: Infinity },
      { batch_ticks: 7, batchSpanMs: 30 },
      { batch_ticks: 999, batchSpanMs: 5 },
    ]) {
      const seen = await readAll(create(cut));
      expect(seen.ticks).toEqual(wanted.ticks);
      expect(seen.rejects).toEqual(wanted.rejects);
      expect(seen.gaps).toEqual(wanted.gaps);
      expect(seen.batchLengths.length).toBeGreaterThan(wanted.batchLengths.length);
      expect(Math.max(...seen.batchLengths)).toBeLessThanOrEqual(cut.batch_ticks);
      expect(seen.nextPosition).toBe(wanted.nextPosition);
    }
  });

  it('gives from a position on what it gave there from the beginning', async () => {
    const wanted = await readAll(create(whole));
    for (const position of [1, 199, 200, 201, 333, wanted.nextPosition - 1]) {
      const seen = await readAll(create({ batch_ticks: 50, batchSpanMs: Infinity }), { position });
      const from = ({ position: at }: { readonly position: number }): boolean => at >= position;
      expect(seen.ticks).toEqual(wanted.ticks.filter(from));
      expect(seen.gaps).toEqual(wanted.gaps.filter(from));
      expect(seen.rejects).toEqual(wanted.rejects.filter(from));
    }
  });

  it('gives every position once, in order', async () => {
    const { ticks, rejects, gaps, nextPosition } = await readAll(create(whole));
    const positions = [...ticks, ...rejects, ...gaps].map(({ position }) => position).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: nextPosition }, (_, n) => n));
    expect(ticks.map(({ position }) => position)).toEqual(
      ticks.map(({ position }) => position).sort((a, b) => a - b),
    );
  });

  it('asks for its lane once, as a log that can be read again', async () => {
    const { requests } = await readAll(create(whole));
    expect(requests).toHaveLength(1);
    expect(requests[0].repeatable).toBe(true);
    expect(requests[0].logIdentity).toMatch(/^[0-9a-f]{64}$/);
  });

  it('stops on a record boundary when it is drained, and goes on from there as if nothing had been', async () => {
    const wanted = await readAll(create(whole));
    const drain = new AbortController();
    const cut = { batch_ticks: 40, batchSpanMs: Infinity };
    const first = await readAll(create(cut), {
      drain,
      afterBatch: (seen) => seen.ticks.length >= 100 && drain.abort(),
    });
    expect(first.ticks.length).toBeLessThan(300);
    const rest = await readAll(create(cut), { position: first.nextPosition });
    expect([...first.ticks, ...rest.ticks]).toEqual(wanted.ticks);
  });

  it('gives nothing when it is drained before it begins', async () => {
    const drain = new AbortController();
    drain.abort();
    expect((await readAll(create(whole), { drain })).ticks).toEqual([]);
  });

  it('has come all the way at its end', async () => {
    const made = create(whole);
    const { ticks } = await readAll(made);
    expect(made.source.progress?.()).toEqual({ share: 1, ticks: ticks.length });
  });

  it('never lets our clock close bars while its log is only read', async () => {
    expect([...(await readAll(create(whole))).atLogEnd]).toEqual([false]);
  });
});
