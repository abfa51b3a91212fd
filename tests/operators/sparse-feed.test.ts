import { describe, expect, it } from 'vitest';
import { FoldRig } from './fold-rig.ts';

describe('a sparse feed', () => {
  it('whose batch spans thousands of windows does not pile them up, and its rows are those of single ticks', () => {
    const ticks = Array.from({ length: 3_000 }, (_, n) => ({ at: n * 2_500 - (n % 7) * 1_900, price: n + 1, symbol: `S${n % 3}` }));
    const atOnce = new FoldRig({ specs: ['1s', '1m', '1h'] });
    const one = new FoldRig({ specs: ['1s', '1m', '1h'] });
    let rowsMax = 0;
    const emit = atOnce.bars.bind(atOnce);
    atOnce.bars = (block) => {
      rowsMax = Math.max(rowsMax, atOnce.timeBars.counts.openBars);
      emit(block);
    };
    atOnce.take(ticks).end();
    for (const tick of ticks) one.take([tick]);
    one.end();
    const plain = ({ final }: FoldRig): unknown => new Map([...final].map(([key, { again: _, ...row }]) => [key, row]));
    expect(plain(atOnce)).toEqual(plain(one));
    expect(atOnce.repeated).toEqual([]);
    expect(rowsMax).toBeLessThan(150);
  });
});
