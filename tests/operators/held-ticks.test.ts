import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dawn, FoldRig, throughBytes, type TestTick } from './fold-rig.ts';

const day = 86_400_000;
const far = 8 * day;

describe('a jump beyond max_jump_ms', () => {
  it('is held: it makes no other tick late', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: far }, { at: 1 }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 2, held: 1, late: 0 });
  });

  it('of exactly max_jump_ms is none', () => {
    expect(new FoldRig().take([{ at: 0 }, { at: 7 * day }]).admission.counts).toMatchObject({ aggregated: 2, held: 0 });
  });

  it('is rejected once three later ticks were in the old time', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: far, price: 5, position: 1 }, { at: 1 }, { at: 1 }]);
    expect(rig.admission.counts).toMatchObject({ held: 1, rejected: {} });
    rig.take([{ at: 1 }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 4, held: 0, rejected: { 'time-jump': 1 } });
    expect(rig.letters).toMatchObject([{ reason: 'time-jump', position: 1 }]);
  });

  it('is released when three later ticks with different times are at or beyond it, and takes the position of the last', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0 }, { at: far, price: 1 }, { at: far, price: 2 }, { at: far + 1, price: 3 }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 3 });
    const admitted = rig.admission.admit(rig.batchOf([{ at: far + 2, price: 4 }, { at: far + 3, price: 5 }]), rig);
    expect(rig.admission.counts).toMatchObject({ aggregated: 6, held: 0 });
    expect([...admitted.price.subarray(0, admitted.length)]).toEqual([1, 2, 3, 4, 5]);
    expect([...admitted.position.subarray(0, admitted.length)]).toEqual([4, 4, 4, 4, 5]);
  });

  it('is not confirmed by a clock that stands still', () => {
    const rig = new FoldRig().take([{ at: 0 }, ...Array.from({ length: 20 }, () => ({ at: far }))]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 20 });
  });

  it('is neither confirmed nor contradicted by other jumps before it', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: 40 * day }, { at: 30 * day }, { at: 20 * day }, { at: 10 * day }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 4 });
  });

  it('that stays behind when others were released is contradicted by the new time', () => {
    const poison = { at: 9_000 * day };
    const rig = new FoldRig().take([{ at: 0 }, poison, ...[0, 1, 2, 3].map((ms) => ({ at: far + ms }))]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 5, held: 1 });
    rig.take([{ at: far + 4 }, { at: far + 4 }, { at: far + 4 }]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 8, held: 0, rejected: { 'time-jump': 1 } });
  });

  it('belongs to its venue alone', () => {
    const rig = new FoldRig().take([{ at: 0, venue: 'a' }, { at: 0, venue: 'b' }, { at: far, venue: 'a' }]);
    rig.take([1, 2, 3].map((ms) => ({ at: ms, venue: 'b' })));
    expect(rig.admission.counts).toMatchObject({ aggregated: 5, held: 1 });
  });

  it('finds room for a thousand; more are rejected', () => {
    const rig = new FoldRig();
    rig.take([{ at: 0 }, ...Array.from({ length: 1_001 }, (_, n) => ({ at: 2_000 * day - n }))]);
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 1_000, rejected: { 'time-jump': 1 } });
  });
});

describe("a venue's very first tick", () => {
  it('is held when it lies ahead of our clock, and others open the venue', () => {
    const rig = new FoldRig().take([{ at: 300_001 }, { at: 0 }, { at: 1 }, { at: 2 }], { receivedTimeMs: dawn });
    expect(rig.admission.counts).toMatchObject({ aggregated: 3, held: 0, rejected: { 'time-jump': 1 } });
  });

  it('is believed when it lies in the past, however far', () => {
    const rig = new FoldRig().take([{ at: -10_000 * day }], { receivedTimeMs: dawn });
    expect(rig.admission.counts).toMatchObject({ aggregated: 1, held: 0 });
  });
});

describe('the end of a complete log', () => {
  it('releases what is held, at its own position, in the order of the log', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: far, price: 7 }, { at: far + 1, price: 8 }]).end();
    expect(rig.admission.counts).toMatchObject({ aggregated: 3, held: 0 });
    expect(rig.rows.at(-1)).toMatchObject({ open: 7, close: 8, position: 3, trades: 2 });
  });

  it('releases nothing twice, and nothing where nothing is held', () => {
    const rig = new FoldRig().take([{ at: 0 }, { at: far }]);
    expect(rig.admission.end(2, rig)).toMatchObject({ length: 1 });
    expect(rig.admission.end(2, rig)).toBeNull();
  });
});

describe('released ticks', () => {
  it('are judged like any other: late and duplicate ones are counted, under a key of their own', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: 1 }, { at: far + 60_000, id: 2 }, { at: far, id: 3 }, { at: far + 60_000, id: 2 }, { at: far, id: 4 }]);
    rig.take([1, 2, 3].map((ms) => ({ at: far + 60_000 + ms, id: 10 + ms })));
    expect(rig.admission.counts).toMatchObject({ aggregated: 6, held: 0, late: 1, duplicate: 1 });
    expect(rig.lateTicks.map(({ position, counter }) => [position, counter])).toEqual([[4, 0]]);
  });

  it('keep what else the batch says of its ticks', () => {
    const rig = new FoldRig({ settings: { ids: 'unique' } });
    rig.take([{ at: 0, id: 'zero' }, ...[0, 1, 2].map((ms) => ({ at: far + ms, id: `id ${ms}` }))]);
    const admitted = rig.admission.admit(rig.batchOf([{ at: far + 3, id: 99 }]), rig);
    expect(Array.from(admitted.tradeId!)).toEqual(['id 0', 'id 1', 'id 2', 99]);
  });
});

describe('a snapshot', () => {
  it('keeps held ticks and what witnesses have said; what comes back is counted as restored', async () => {
    const before = new FoldRig().take([{ at: 0 }, { at: far, price: 7 }, { at: far + 1 }, { at: far + 2 }, { at: 1 }, { at: 1 }]);
    const after = new FoldRig();
    after.resume(await throughBytes(before.save()));
    expect(after.admission.counts).toMatchObject({ aggregated: 0, held: 3, restored: 3 });
    expect(after.admission.watermarkMs(0)).toBe(dawn + 1 - 2_000);
    after.take([{ at: far + 3 }]);
    expect(after.admission.counts).toMatchObject({ aggregated: 4, held: 0, restored: 3 });
  });

  it('at any border of batches gives the same rest, jumps and repetitions included', async () => {
    const times = fc.tuple(fc.constantFrom(0, 0, 0, far, 2 * far, 9_000 * day), fc.integer({ min: 0, max: 40_000 }))
      .map(([from, ms]) => from + ms);
    const tick = fc.record({ at: times, venue: fc.constantFrom('x', 'y'), id: fc.oneof(fc.nat({ max: 30 }), fc.constantFrom('a', 'b')) });
    await fc.assert(fc.asyncProperty(fc.array(tick, { maxLength: 80, size: 'max' }), fc.nat({ max: 80 }), async (ticks, at) => {
      const settings = { ids: 'unique' } as const;
      const outcome = (rigs: readonly FoldRig[]): unknown => {
        const [first, last] = [rigs[0], rigs.at(-1)!];
        const sum = (count: (rig: FoldRig) => number): number => rigs.reduce((total, rig) => total + count(rig), 0);
        return {
          aggregated: sum(({ admission }) => admission.counts.aggregated), late: sum(({ admission }) => admission.counts.late),
          duplicate: sum(({ admission }) => admission.counts.duplicate), held: last.admission.counts.held,
          jumps: sum(({ admission }) => admission.counts.rejected['time-jump'] ?? 0),
          letters: [first, ...(first === last ? [] : [last])].flatMap(({ letters }) => letters.map(({ bytes: _, ...rest }) => rest)),
        };
      };
      const withTime = (batch: readonly TestTick[], rig: FoldRig): FoldRig => rig.take(batch, { receivedTimeMs: dawn });
      const whole = new FoldRig({ settings });
      for (const one of ticks) withTime([one], whole);
      const before = withTime(ticks.slice(0, at), new FoldRig({ settings }));
      const after = new FoldRig({ settings });
      after.instruments.intern('y', 'another');
      after.resume(await throughBytes(before.save()));
      withTime(ticks.slice(at), after).end();
      expect(outcome([before, after])).toEqual(outcome([whole.end()]));
      expect(new Map([...before.final, ...after.final].map(([key, { trades, close, position }]) => [key, [trades, close, position]])))
        .toEqual(new Map([...whole.final].map(([key, { trades, close, position }]) => [key, [trades, close, position]])));
    }), { numRuns: 200 });
  });
});
