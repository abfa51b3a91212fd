import { describe, expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/checkpoints/encode.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { stateBytesPerRow, stateRowsPerInstrument } from '../../src/operators/state-size.ts';
import type { TimeBarsState } from '../../src/operators/time-bars-snapshot.ts';
import { FoldRig } from './fold-rig.ts';

const rowsIn = (rig: FoldRig): number => (rig.timeBars.snapshot().state as TimeBarsState).venues
  .reduce((sum, { base, windows }) => sum + base.tables.instruments.length + windows.tables.instruments.length, 0);

describe('the bound on the rows of an instrument', () => {
  it.each([
    { specs: ['1s', '5s', '1m'], settings: { out_of_orderness_ms: 2_000, allowed_lateness_ms: 10_000 } },
    { specs: ['10s', '15s'], settings: { out_of_orderness_ms: 700, allowed_lateness_ms: 20_000 } },
    { specs: ['1s'], settings: { out_of_orderness_ms: 0, allowed_lateness_ms: 0 } },
    { specs: ['1m', '2m'], settings: { out_of_orderness_ms: 500, allowed_lateness_ms: 130_000 } },
  ])('is nearly reached by ticks that come late, and never passed: %o', (options) => {
    const bound = stateRowsPerInstrument(parseBarSpecs(options.specs), options.settings);
    const rig = new FoldRig(options);
    let most = 0;
    const { out_of_orderness_ms: disorderMs, allowed_lateness_ms: latenessMs } = options.settings;
    // Closed windows get rows of their own when they are revised.
    for (let at = 0; at < 400_000; at += 100) {
      rig.take([{ at }, { at: at - disorderMs - (at * 7) % (latenessMs + 1) }]);
      most = Math.max(most, rowsIn(rig));
    }
    expect(most).toBeLessThanOrEqual(bound);
    expect(most).toBeGreaterThan(0.75 * bound);
  });

  it('is nearly all that a snapshot takes', async () => {
    const symbols = 1_000;
    const options = { specs: ['1s', '1m', '5m', '15m', '1h', '4h', '1d'] };
    const rig = new FoldRig(options);
    for (let at = 60_000; at < 75_000; at += 500) {
      rig.take(Array.from({ length: symbols }, (_, n) => ({ at, symbol: `S${n}`, price: 1 + n })));
    }
    const { admission, timeBars } = rig.save();
    const state = { admission, operators: { timeBars } };
    const rows = rowsIn(rig);
    expect(rows / symbols).toBe(13 + 6);
    const limits = { lane: 'test', bytesMax: Math.ceil(rows * stateBytesPerRow + 64 * symbols) };
    await expect(encodeState(state, limits).then((bytes) => decodeState(bytes, limits))).resolves.toEqual(state);
    const less = { lane: 'test', bytesMax: rows * stateBytesPerRow };
    await expect(encodeState(state, less)).rejects.toMatchObject({ code: 'checkpoint-too-large' });
  });
});
