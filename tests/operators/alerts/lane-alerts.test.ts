import { describe, expect, it } from 'vitest';
import { dawn } from '../fold-rig.ts';
import { AlertRig, AlertTable, TestRules, throughBytes } from './alert-rig.ts';

const s = 1_000;
const tick = (at: number, price: number, size = 1) => ({ at, price, size });

describe('a rule on bars', () => {
  it('fires when a price crosses its threshold, once, and again when it has come back', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    rig.take([
      tick(0, 90), tick(1 * s, 101), tick(2 * s, 105), tick(3 * s, 110), tick(3 * s + 1, 99), tick(4 * s, 102), tick(20 * s, 90),
    ]);
    expect(rig.news(dawn)).toEqual(['triggered 1', 'triggered 4']);
    expect(rig.alerts.map(({ value }) => value)).toEqual([101, 102]);
  });

  it('counts the open of the first bar, which has none before it', () => {
    const above = new AlertRig(new TestRules([{ threshold: 100 }])).take([tick(0, 99), tick(1, 101), tick(20 * s, 101)]);
    expect(above.news(dawn)).toEqual(['triggered 0']);
    const already = new AlertRig(new TestRules([{ threshold: 100 }])).take([tick(0, 101), tick(1, 102), tick(20 * s, 101)]);
    expect(already.news(dawn)).toEqual([]);
  });

  it('below fires on the low', () => {
    const rig = new AlertRig(new TestRules([{ condition: 'price_below', threshold: 100 }]));
    rig.take([tick(0, 100), tick(1 * s, 100), tick(1 * s + 1, 99.5), tick(1 * s + 2, 103), tick(2 * s, 98), tick(3 * s, 97), tick(20 * s, 1)]);
    expect(rig.alerts.map(({ openTimeMs, value }) => [openTimeMs - dawn, value])).toEqual([[1 * s, 99.5], [2 * s, 98]]);
  });

  it('is not met where a price only touches its threshold', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }, { id: '00000000-0000-4000-8000-000000000002', condition: 'price_below', threshold: 90 }]));
    rig.take([tick(0, 95), tick(1 * s, 100), tick(2 * s, 90), tick(20 * s, 95)]);
    expect(rig.news(dawn)).toEqual([]);
  });

  it('judges the volume of every bar by itself', () => {
    const rig = new AlertRig(new TestRules([{ condition: 'volume_above', threshold: 5 }]));
    rig.take([tick(0, 1, 6), tick(1 * s, 1, 5), tick(2 * s, 1, 3), tick(2 * s, 1, 3), tick(3 * s, 1, 7), tick(20 * s, 1)]);
    expect(rig.news(dawn)).toEqual(['triggered 0', 'triggered 2', 'triggered 3']);
  });

  it('sees the close cross the line of an indicator, in both directions', () => {
    const rules = new TestRules([{ condition: 'crosses_indicator', threshold: null, indicator: 'sma(2)' }]);
    const rig = new AlertRig(rules, { indicators: ['sma(2)@1s'] });
    rig.take([10, 12, 14, 8, 7, 9, 9].map((price, second) => tick(second * s, price)).concat([tick(30 * s, 9)]));
    // Means of two: -, 11, 13, 11, 7.5, 8, 9. Closes over the line at 1 and 2, under it at 3 and 4, over it at 5, on it at 6.
    expect(rig.news(dawn)).toEqual(['triggered 3', 'triggered 5']);
  });

  it('holds for the instrument and the spec that it names alone', () => {
    const rig = new AlertRig(new TestRules([{ symbol: 'B', barSpec: '5s', threshold: 100 }]), { specs: ['1s', '5s'] });
    const both = (at: number, price: number) => [{ at, price, symbol: 'A' }, { at, price, symbol: 'B' }];
    rig.take([...both(0, 90), ...both(6 * s, 101), ...both(30 * s, 90)]);
    expect(rig.alerts.map(({ openTimeMs, barSpec, instrument }) => [openTimeMs - dawn, barSpec, rig.instruments.symbol(instrument)]))
      .toEqual([[5 * s, '5s', 'B']]);
  });
});

describe('a revision', () => {
  it('withdraws what it undoes, with a greater stamp', () => {
    const rules = new TestRules([{ condition: 'price_above', threshold: 100 }]);
    const rig = new AlertRig(rules);
    rig.take([tick(0, 99), tick(1 * s, 102), tick(5 * s, 102)]);
    expect(rig.news(dawn)).toEqual(['triggered 1']);
    rig.take([tick(999, 101)]); // The bar before closed over the threshold, and so did not cross here.
    expect(rig.news(dawn)).toEqual(['triggered 1', 'triggered 0', 'withdrawn 1']);
    const [first, , last] = rig.alerts;
    expect([last.isMet, last.position > first.position]).toEqual([false, true]);
  });

  it('fires what it makes true', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    rig.take([tick(0, 99), tick(1 * s, 99), tick(5 * s, 99)]);
    rig.take([tick(1 * s + 500, 120)]);
    expect(rig.news(dawn)).toEqual(['triggered 1']);
  });

  it('of a bar that comes into an empty interval judges the one behind it anew', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    rig.take([tick(0, 90), tick(3 * s, 101), tick(6 * s, 101)]);
    rig.take([tick(1 * s, 150)]);
    expect(rig.news(dawn)).toEqual(['triggered 3', 'triggered 1', 'withdrawn 3']);
  });

  it('withdraws the crossing of a line that moves', () => {
    const rules = new TestRules([{ condition: 'crosses_indicator', threshold: null, indicator: 'sma(2)' }]);
    const rig = new AlertRig(rules, { indicators: ['sma(2)@1s'] });
    rig.take([tick(0, 10), tick(1 * s, 10), tick(2 * s, 12), tick(6 * s, 12)]);
    expect(rig.news(dawn)).toEqual(['triggered 2']);
    rig.take([tick(1 * s + 1, 11)]); // It closed over the line before, and does not cross it any more.
    expect(rig.news(dawn)).toEqual(['triggered 2', 'withdrawn 2']);
  });

  it('says nothing anew where nothing new is to be said', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    rig.take([tick(0, 90), tick(1 * s, 101), tick(20 * s, 101)]);
    const told = rig.alerts.length;
    rig.take([tick(21 * s, 101)]).take([tick(22 * s, 101)]);
    expect(rig.alerts.length).toBe(told);
  });
});

describe('a rule that comes while a lane runs', () => {
  it('holds for bars that were not emitted yet, and says from where on', () => {
    const rules = new TestRules();
    const rig = new AlertRig(rules);
    rig.take([tick(0, 90), tick(1 * s, 101), tick(2 * s, 90), tick(6 * s, 90)]); // Closed up to 4 s; 3 s is empty.
    rules.add({ validFromMs: null });
    rig.take([tick(7 * s, 105), tick(15 * s, 90)]);
    expect(rig.news(dawn)).toEqual(['triggered 7']);
    expect(rules.all[0].validFromMs).toBe(dawn + 3 * s);
  });

  it('is not judged on a bar before it by a late tick', () => {
    const rules = new TestRules();
    const rig = new AlertRig(rules);
    rig.take([tick(0, 90), tick(1 * s, 90), tick(6 * s, 90)]);
    rules.add({ validFromMs: null });
    rig.take([tick(1 * s + 5, 130)]);
    rig.take([tick(20 * s, 90)]);
    expect(rig.news(dawn)).toEqual([]);
  });

  it('with other terms ends the version before it where it begins', () => {
    const rules = new TestRules([{ threshold: 100 }]);
    const rig = new AlertRig(rules);
    rig.take([tick(0, 90), tick(1 * s, 101), tick(2 * s, 90), tick(6 * s, 90)]);
    rules.add({ version: 2, threshold: 200, validFromMs: null });
    rig.take([tick(7 * s, 150), tick(8 * s, 90), tick(9 * s, 250), tick(20 * s, 90)]);
    expect(rig.alerts.map(({ ruleVersion, openTimeMs }) => [ruleVersion, (openTimeMs - dawn) / s])).toEqual([[1, 1], [2, 9]]);
    rig.take([tick(11 * s, 120)]);
  });

  it('is over where it was deleted, and still withdrawn before that', () => {
    const rules = new TestRules([{ threshold: 100 }]);
    const rig = new AlertRig(rules);
    rig.take([tick(0, 90), tick(1 * s, 101), tick(4 * s, 90)]);
    rules.add({ version: 2, isDeleted: true, validFromMs: null });
    rig.take([tick(10 * s, 150)]).take([tick(999, 150)]).take([tick(40 * s, 90)]);
    expect(rig.news(dawn)).toEqual(['triggered 1', 'triggered 0', 'withdrawn 1']);
  });

  it('ends with the bar that closes when it expires', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100, expiresMs: dawn + 4 * s }]));
    const jumps = [0, 1, 2, 3, 4, 5, 6, 7].map((second) => tick(second * s, second % 2 === 0 ? 90 : 110));
    rig.take([...jumps, tick(30 * s, 90)]);
    expect(rig.news(dawn)).toEqual(['triggered 1', 'triggered 3']);
  });
});

describe('a lane without rules', () => {
  it('emits nothing of alerts, and keeps no bars for them', () => {
    const rig = new AlertRig(new TestRules());
    rig.take([tick(0, 90), tick(1 * s, 101), tick(20 * s, 101)]);
    expect(rig.alerts).toEqual([]);
    expect(rig.laneAlerts.snapshot().state).toMatchObject({ series: [], begun: [] });
  });
});

describe('a snapshot', () => {
  it('goes on as if nothing had been', async () => {
    const rules = new TestRules([{ threshold: 100 }]);
    const rig = new AlertRig(rules);
    rig.take([tick(0, 99), tick(1 * s, 102), tick(5 * s, 102)]);
    const again = new AlertRig(rules);
    again.resumeAll(await throughBytes(rig.saveAll()));
    again.take([tick(999, 101)]);
    expect(again.news(dawn)).toEqual(['triggered 0', 'withdrawn 1']);
  });

  it('knows where a rule had begun that the database was not told of', async () => {
    const lost = new TestRules([{ threshold: 100, validFromMs: null }]);
    const rig = new AlertRig(lost);
    rig.take([tick(0, 99), tick(1 * s, 102), tick(5 * s, 102)]);
    const rules = new TestRules([{ threshold: 100, validFromMs: null }]);
    const again = new AlertRig(rules);
    again.resumeAll(await throughBytes(rig.saveAll()));
    expect(rules.all[0].validFromMs).toBe(lost.all[0].validFromMs);
  });

  it('of a program that knew no alerts does no harm', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    const plain = new AlertRig(new TestRules());
    plain.take([tick(0, 90)]);
    rig.resume(plain.save());
    rig.take([tick(1 * s, 101), tick(20 * s, 90)]);
    expect(rig.news(dawn)).toEqual(['triggered 1']);
  });
});

describe('what may be stored already', () => {
  it('is spoken against where a batch holds a bar and its revision: another process may have seen one before the other', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]));
    rig.take([tick(0, 99), tick(1 * s, 102), tick(5 * s, 102), tick(999, 101)]);
    expect(rig.alerts.map(({ openTimeMs, isMet, kept }) => [openTimeMs - dawn, isMet, kept])).toEqual([[0, true, true], [1 * s, false, true]]);
  });

  it('is spoken against, where it may have been written by one who has died', () => {
    const rig = new AlertRig(new TestRules([{ threshold: 100 }]), { lane: { storedUntilMs: dawn + 2 * s } });
    rig.take([tick(0, 90), tick(1 * s, 95), tick(2 * s, 95), tick(20 * s, 95)]);
    expect(rig.alerts.map(({ openTimeMs, isMet, kept }) => [openTimeMs - dawn, isMet, kept])).toEqual([[0, false, false], [1 * s, false, false]]);
    const table = new AlertTable();
    for (const row of rig.alerts) table.write(row);
    expect(table.rows.size).toBe(0);
  });
});
