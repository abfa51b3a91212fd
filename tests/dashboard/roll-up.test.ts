import { describe, expect, it } from 'vitest';
import type { Bar } from '../../src/dashboard/bars.ts';
import { offeredSpecs, sourceOf } from '../../src/dashboard/made-specs.ts';
import { RollUp } from '../../src/dashboard/tabs/trading/roll-up.ts';

const minuteMs = 60_000;
const minute = (at: number, more: Partial<Bar> = {}): Bar => ({
  openMs: at * minuteMs, closeMs: (at + 1) * minuteMs, open: 10, high: 12, low: 9, close: 11, volume: 2, notional: 22, trades: 3,
  buyVolume: 1.5, sellVolume: 0.5, state: 'closed', quality: 'complete', revision: 0, whole: true, ...more,
});
const five = () => new RollUp(5 * minuteMs);

describe('a bar that is made of shorter ones', () => {
  it('has the first open, the last close, the bounds and the sums of its parts, whatever order they come in', () => {
    const parts = [minute(2, { close: 7, low: 6.5 }), minute(0, { open: 8 }), minute(1, { high: 30, state: 'closed' })];
    expect(five().put(parts, []).at(-1)).toEqual({
      openMs: 0, closeMs: 5 * minuteMs, open: 8, high: 30, low: 6.5, close: 7, volume: 6, notional: 66, trades: 9, buyVolume: 4.5,
      sellVolume: 1.5, state: 'forming', quality: 'complete', revision: 0, whole: true,
    });
  });

  it('counts a part once, as it is by now', () => {
    const rollUp = five();
    rollUp.put([minute(0, { state: 'forming', volume: 1, trades: 1 })], []);
    const [bar] = rollUp.put([minute(0, { state: 'forming', volume: 4, trades: 2 })], []);
    expect([bar.volume, bar.trades]).toEqual([4, 2]);
    expect(rollUp.put([minute(0, { state: 'closed', volume: 5, revision: 2 })], [])).toMatchObject([{ volume: 5, revision: 2 }]);
    expect(rollUp.put([minute(0, { state: 'forming', volume: 9 })], [])).toEqual([]);
  });

  it('is provisional when its window is over: that it is closed, only the server knows', () => {
    const rollUp = five();
    expect(rollUp.put([minute(4, { state: 'forming' })], [])).toMatchObject([{ openMs: 0, state: 'forming' }]);
    expect(rollUp.put([minute(4)], [])).toMatchObject([{ openMs: 0, state: 'provisional' }]);
    expect(rollUp.put([minute(3)], [])).toMatchObject([{ openMs: 0, state: 'provisional', volume: 4 }]);
  });

  it('ends the window before with the first part of the next, and still takes its late parts', () => {
    const rollUp = five();
    rollUp.put([minute(4, { state: 'forming' })], []);
    expect(rollUp.put([minute(5, { state: 'forming' })], [])).toMatchObject([
      { openMs: 0, state: 'provisional' }, { openMs: 5 * minuteMs, state: 'forming' }]);
    expect(rollUp.put([minute(4, { volume: 8 })], [])).toMatchObject([{ openMs: 0, volume: 8 }]);
  });

  it('changes nothing that lies further back: of that not all parts are here', () => {
    const rollUp = five();
    rollUp.put([minute(12)], []);
    expect(rollUp.put([minute(8)], [])).toEqual([]);
    rollUp.put([minute(16), minute(21)], []);
    expect(rollUp.put([minute(12, { revision: 1 })], [])).toEqual([]);
  });

  it('is as good as the worst of its parts, and no better where data is missing', () => {
    const gap = { fromMs: 2 * minuteMs, untilMs: 2 * minuteMs + 1, reason: 'disconnect' };
    expect(five().put([minute(0), minute(1, { quality: 'partial', whole: false })], [])).toMatchObject([{ quality: 'partial', whole: false }]);
    expect(five().put([minute(0, { quality: 'partial' }), minute(1, { quality: 'gap' })], [])).toMatchObject([{ quality: 'gap' }]);
    expect(five().put([minute(0)], [gap])).toMatchObject([{ quality: 'gap' }]);
    expect(five().put([minute(5)], [gap])).toMatchObject([{ quality: 'complete' }]);
  });
});

describe('lengths of bars that can be chosen', () => {
  it('are those that are stored, and the usual ones that they divide', () => {
    expect(offeredSpecs(['1s', '10s', '1m'])).toEqual(['1s', '10s', '1m', '5m', '15m', '1h', '4h', '1d']);
    expect(offeredSpecs(['30m', '1d@Europe/Berlin'])).toEqual(['30m', '1h', '4h', '1d@Europe/Berlin', '1d']);
    expect(offeredSpecs(['7m'])).toEqual(['7m']);
    expect(offeredSpecs([])).toEqual([]);
  });

  it('are made of the longest one that divides them', () => {
    const stored = ['1s', '1m', '10m', '4h', '1h/30m', '1h@Europe/Berlin'];
    expect(['5m', '15m', '1h', '1d', '1m', '2d', '1w', '1d@Asia/Tokyo'].map((spec) => sourceOf(spec, stored))).toEqual(
      ['1m', '1m', '10m', '4h', null, '4h', null, null]);
  });
});
