import { describe, expect, it } from 'vitest';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { baseGridMs, baseSpecIndex } from '../../src/operators/base-grid.ts';
import { FoldRig } from './fold-rig.ts';

const gridOf = (...texts: string[]): [number, number] => {
  const specs = parseBarSpecs(texts);
  return [baseGridMs(specs), baseSpecIndex(specs)];
};

describe('the base grid', () => {
  it('is the coarsest interval that divides every boundary, and stored where it is a spec itself', () => {
    expect(gridOf('1s', '1m', '5m')).toEqual([1_000, 0]);
    expect(gridOf('5m', '1h', '1m')).toEqual([60_000, 2]);
    expect(gridOf('90s', '2m')).toEqual([30_000, -1]);
    expect(gridOf('1h', '1h/30m')).toEqual([1_800_000, -1]);
    expect(gridOf('1w')).toEqual([86_400_000, -1]);
    expect(gridOf('1h', '1d@Asia/Kolkata')).toEqual([1_800_000, -1]);
    expect(gridOf('1h@America/New_York', '1d')).toEqual([3_600_000, 0]);
  });

  it('that is not stored emits nothing of its own', () => {
    const rig = new FoldRig({ specs: ['90s', '2m'] }).take([{ at: 0 }, { at: 100_000 }]).end();
    expect([...rig.final.values()].map(({ spec, openAt, trades }) => [spec, openAt, trades])).toEqual([
      ['90s', 0, 1], ['90s', 90_000, 1], ['2m', 0, 2],
    ]);
  });
});
