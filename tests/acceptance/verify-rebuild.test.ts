import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeOnEachServer } from '../support/servers.ts';
import { noDifference, startMs, VerifyRig, type Verify } from '../support/verify-rig.ts';

describeOnEachServer('a log that is folded again beside its table', (server) => {
  let rig: VerifyRig;

  beforeEach(async () => {
    rig = await VerifyRig.make(server);
  });
  afterEach(() => rig.dispose());

  const liveTables = async (): Promise<unknown> => JSON.stringify([
    await rig.rows('SELECT * FROM lanes ORDER BY 1'), await rig.rows('SELECT * FROM lane_checkpoints ORDER BY 1'),
    await rig.rows('SELECT * FROM bars ORDER BY venue, symbol, bar_spec, open_time'),
  ]);

  it('agrees with it in every row, and takes nothing from it', async () => {
    rig.write(0, 4_000);
    await rig.told({ source: { complete: true } });
    const before = await liveTables();
    const report = await rig.verified({ source: { complete: true } });
    const [{ bars, values, late }] = await rig.rows(`SELECT (SELECT count(*) FROM bars) AS bars,
      (SELECT count(*) FROM indicators) AS values, (SELECT count(*) FROM late_ticks) AS late`);
    expect(report).toMatchObject({ lane: 'test/history', position: 4_000, isEnded: true, differences: [] });
    expect(report.tables).toEqual({
      bars: { equal: bars, ...noDifference }, indicators: { equal: values, ...noDifference },
      late_ticks: { equal: late, ...noDifference }, gaps: { equal: 0, ...noDifference }, alerts: { equal: 0, ...noDifference },
    });
    expect([Number(bars) > 2_000, Number(values) > 2_000, Number(late)]).toEqual([true, true, 10]);
    expect(await liveTables()).toBe(before);
    expect(await rig.scratchSchemas()).toEqual([]);
  });

  it('names every field that was changed, every row that is gone or was added, and the first of them in words', async () => {
    rig.write(0, 4_000);
    await rig.told();
    const at = (second: number): string => new Date(startMs + second * 1_000).toISOString();
    for (const statement of [
      `UPDATE bars SET high = 999.25, vwap = NULL WHERE symbol = 'S1' AND bar_spec = '1s' AND open_time = '${at(60)}'`,
      `UPDATE bars SET position = position - 1 WHERE symbol = 'S2' AND bar_spec = '10s' AND open_time = '${at(100)}'`,
      `UPDATE bars SET generation = 7 WHERE symbol = 'S3' AND bar_spec = '1s' AND open_time = '${at(90)}'`, // Not compared.
      `DELETE FROM bars WHERE symbol = 'S4' AND bar_spec = '1m' AND open_time = '${at(120)}'`,
      `INSERT INTO bars SELECT lane, venue, 'S9', bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
              notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position, now()
         FROM bars WHERE symbol = 'S0' AND bar_spec = '1m' AND open_time = '${at(120)}'`,
      `UPDATE indicators SET value = 12.5 WHERE symbol = 'S1' AND bar_spec = '1s' AND open_time = '${at(61)}'`,
      `DELETE FROM indicators WHERE symbol = 'S2' AND bar_spec = '1m' AND open_time = '${at(120)}'`,
      'UPDATE late_ticks SET price = 1 WHERE position = 799',
      'DELETE FROM late_ticks WHERE position = 1199',
    ]) await rig.rows(statement);
    const found = rig.verify();
    expect(await found.ended, found.log).toBe(6);
    const [{ tables, differences }] = found.reports;
    expect(tables.bars).toMatchObject({ different: 2, missing: 1, extra: 1, leftOut: { later: 1 } });
    expect(tables.indicators).toMatchObject({ different: 1, missing: 1, extra: 0, leftOut: {} });
    expect(tables.late_ticks).toMatchObject({ equal: 8, different: 1, missing: 1, extra: 0, leftOut: {} });
    const bar = { table: 'bars', venue: 'v' };
    expect(differences).toMatchObject([
      { ...bar, symbol: 'S1', spec: '1s', time: at(60), field: 'high', stored: '999.25' },
      { ...bar, symbol: 'S1', spec: '1s', time: at(60), field: 'vwap', stored: null },
      { ...bar, symbol: 'S2', spec: '10s', time: at(100), field: 'position' },
      { ...bar, symbol: 'S4', spec: '1m', time: at(120), field: null, stored: null, folded: 'a row' },
      { ...bar, symbol: 'S9', spec: '1m', time: at(120), field: null, stored: 'a row', folded: null },
      { table: 'indicators', symbol: 'S1', spec: 'rsi(3)@1s', time: at(61), field: 'value', stored: '12.5' },
      { table: 'indicators', symbol: 'S2', spec: 'rsi(3)@1m', time: at(120), field: null, stored: null, folded: 'a row' },
      { table: 'late_ticks', symbol: 'S4', spec: '', position: 799, field: 'price', stored: '1', folded: String(100 + (799 % 17)) },
      { table: 'late_ticks', symbol: 'S4', spec: '', position: 1199, field: null, stored: null, folded: 'a row' },
    ]);
    expect(Number(differences[2]['folded']) - Number(differences[2]['stored'])).toBe(1);
    const inWords = rig.verify({}, ['--rebuild', 'history']);
    expect(await inWords.ended).toBe(6);
    expect(inWords.out).toMatch(/^test\/history, generation 1: records 0 to 4,000, folded again\n/);
    expect(inWords.out).toMatch(/\nbars +[\d,]+ +2 +1 +1\n/);
    expect(inWords.out).toMatch(new RegExp(`\nbars +v +S1 +1s +${at(60)} +\\d+ +high +999.25 +1\\d\\d\n`));
    expect(inWords.out).toMatch(/\nbars .+ \(row\) +nothing +a row\nbars .+ \(row\) +a row +nothing\n/);
    expect(await rig.scratchSchemas()).toEqual([]);
  });

  it('agrees with a lane that was told anew, and leaves out what older tellings have left', async () => {
    rig.write(0, 4_000);
    await rig.told();
    rig.write(1_000, 5_000);
    await rig.told({}, ['--rebuild', 'history']);
    const rebuilt = await rig.verified();
    expect(rebuilt.tables.bars).toMatchObject({ ...noDifference, leftOut: { older: expect.any(Number) } });
    const older = await rig.rows('SELECT count(*) AS n FROM bars WHERE generation = 1');
    expect(rebuilt.tables.bars.leftOut['older']).toBe(older[0]['n']);
    expect(rebuilt.tables.indicators).toMatchObject({ ...noDifference, leftOut: { older: expect.any(Number) } });
    rig.write(1_000, 7_000);
    await rig.told({ bars: { allowed_lateness_ms: 5_000 } }, ['--from-now', 'history']);
    const fromNow = await rig.verified({ bars: { allowed_lateness_ms: 5_000 } });
    expect(fromNow).toMatchObject({ fromPosition: 4_000, position: 6_000, differences: [] });
    expect(fromNow.tables.bars.equal).toBeGreaterThan(500);
  });

  it('compares values of such an indicator once it has forgotten what it missed', async () => {
    const withMean = { rest: { indicators: { specs: ['sma(5)@1s'] } } };
    rig.write(0, 2_000);
    await rig.told({ rest: { indicators: { specs: [] } } });
    rig.write(0, 4_000);
    await rig.told(withMean);
    const { tables } = await rig.verified(withMean);
    expect(tables.indicators).toMatchObject(noDifference);
    expect(tables.indicators.equal).toBeGreaterThan(100);
    expect(tables.indicators.leftOut['begun-later']).toBeGreaterThan(100);
    await rig.rows(`DELETE FROM indicators WHERE (symbol, open_time) =
      (SELECT symbol, open_time FROM indicators ORDER BY open_time DESC, symbol LIMIT 1)`);
    const afterLoss = rig.verify(withMean);
    expect(await afterLoss.ended).toBe(6);
    expect(afterLoss.reports[0].tables.indicators).toMatchObject({ ...noDifference, missing: 1 });
  });

  it('leaves out values of an indicator that came when the log had been told in part', async () => {
    const with3 = { rest: { indicators: { specs: ['rsi(3)@1s'] } } };
    rig.write(0, 2_000);
    await rig.told({ rest: { indicators: { specs: [] } } });
    rig.write(0, 4_000);
    await rig.told(with3);
    const { tables } = await rig.verified(with3);
    const [{ bars, values }] = await rig.rows(`SELECT (SELECT count(*) FROM bars WHERE bar_spec = '1s') AS bars,
      (SELECT count(*) FROM indicators WHERE NOT whole) AS values`);
    expect(values).toBeGreaterThan(500);
    expect(tables.indicators).toMatchObject({ ...noDifference, equal: 0, leftOut: { 'begun-later': bars } });
  });

  it('leaves out bars that retention may have removed, and those of specs that are not configured any more', async () => {
    rig.write(0, 2_000);
    await rig.told();
    await rig.rows("DELETE FROM bars WHERE bar_spec = '1s' AND open_time < '2026-01-05 00:01:00Z'");
    const { tables } = await rig.verified({ rest: { store: { retention: { '1s': '1d' } } }, bars: { specs: ['1s', '1m'] } });
    const [{ n }] = await rig.rows("SELECT count(*) AS n FROM bars WHERE bar_spec = '10s'");
    expect(tables.bars).toMatchObject({ ...noDifference, leftOut: { expired: 300, 'other-spec': n } });
  });

  const says = async (one: Verify, code: number, ...words: readonly string[]): Promise<void> => {
    expect([await one.ended, one.out], one.log).toEqual([code, '']);
    for (const word of words) expect(one.log).toContain(word);
  };

  it('is not tried where nobody knows what is meant', async () => {
    await says(rig.verify(), 3, 'store-misconfigured', 'mdp migrate');
    await says(rig.verify({}, ['--rebuild', 'nobody']), 2, 'usage', 'There is no source "nobody" in the configuration; it has history.');
    await says(rig.verify({}, ['--rebuild', '--venue', 'v']), 2, '--venue');
    await says(rig.verify({}, ['history']), 2, 'mdp verify --rebuild SOURCE');
    await says(rig.verify({}, ['--symbol', 'S0']), 2, '--venue NAME and --symbol NAME');
  });

  it('is refused where no log can be read beside its readers', async () => {
    rig.write(0, 2_000);
    await rig.told();
    await says(rig.verify({ source: { name: 'other' } }, ['--rebuild', 'other']), 2, 'lane-unknown', 'test/other');
    await says(rig.verify({ source: { name: 'other' } }), 2, 'rebuild-refused', 'nothing to compare');
    const live = { type: 'synthetic', files: undefined, speed: '1' };
    await says(rig.verify({ source: live }), 2, 'rebuild-refused', 'test/history cannot be read again');
    await rig.rows('UPDATE lanes SET repeatable = false');
    await says(rig.verify({}, ['--rebuild', 'test/history']), 2, 'rebuild-refused', 'test/history cannot be read again');
    await rig.rows("UPDATE lanes SET name = 'test/history/0'");
    await says(rig.verify({}, ['--rebuild', 'history']), 2, 'lane-unknown', 'no lane test/history');
    expect(await rig.scratchSchemas()).toEqual([]);
  });

  it('is refused where log or settings have changed, or nobody can say how far the table is', async () => {
    rig.write(0, 2_000);
    await rig.told();
    const meaning = { bars: { out_of_orderness_ms: 1_000 } };
    await says(rig.verify(meaning), 2, 'settings-changed', 'bars.out_of_orderness_ms was 2000 and is 1000');
    rig.write(0, 1_500);
    await says(rig.verify(), 3, 'log-changed', 'ends at position 1500', 'stands at 2000');
    rig.write(1, 2_001);
    await says(rig.verify(), 3, 'log-changed', 'another one');
    await rig.rows('DELETE FROM lane_checkpoints');
    await says(rig.verify({}, ['--rebuild', 'history']), 2, 'rebuild-refused', 'no checkpoint yet');
    expect(await rig.scratchSchemas()).toEqual([]);
  });
});
