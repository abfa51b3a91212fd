import { afterEach, describe, expect, it } from 'vitest';
import type { RowBatch } from '../../src/model/rows.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { manyRows, noAbort, plainRow, SinkRig, specNames, type PlainRow } from '../support/sink-rows.ts';

/** Doubles that a careless way through text or arithmetic would change. */
const hardDoubles = [
  0, -0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308, 1 / 3, 0.1 + 0.2, 1e22,
  123456789.12345679, Number.MAX_SAFE_INTEGER, 1e-7, 4.35,
];
const hardNames = [
  '__proto__', 'constructor', "O'Neil", 'a\\b', '{"x,y"}', 'NULL', '', 'ETH/USDT', '比特币', '🚀', 'tab\there', 'Z', 'z', '"', '%s', '$1',
];
const hardTimes = [
  { openTimeMs: 0, closeTimeMs: 1_000 },
  { openTimeMs: -86_400_000, closeTimeMs: -1 },
  { openTimeMs: 946_684_800_000, closeTimeMs: 946_684_800_000.001 },
  { openTimeMs: 1_700_000_000_000.123, closeTimeMs: 1_700_000_000_000.999 },
  { openTimeMs: 4_102_444_800_000, closeTimeMs: 4_102_444_860_000 }, // The year 2100.
];

function hardRows(): PlainRow[] {
  return [
    ...hardDoubles.map((value, index): PlainRow => ({
      symbol: `D${index}`, open: value, high: value, low: value, close: value, notional: value, buyVolume: value,
      sellVolume: value, volume: Math.abs(value) > 1e300 ? 1 : value,
    })),
    ...hardNames.map((symbol): PlainRow => ({ symbol })),
    ...hardTimes.map((times, index): PlainRow => ({ symbol: `T${index}`, ...times })),
    { symbol: 'max', position: Number.MAX_SAFE_INTEGER, trades: Number.MAX_SAFE_INTEGER, revision: 2_147_483_647, barIndex: 2_147_483_647 },
    { symbol: 'zero', position: 0, trades: 0, barIndex: -1, quality: 2, state: 2, whole: false },
    ...specNames.map((spec): PlainRow => ({ symbol: 'spec', spec })),
  ];
}

const bits = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
};
const micros = (timeMs: number): string => String(Math.round(timeMs * 1_000));

/** A row as text, every double as its bits: from what was given, and from what is stored. */
function expectedText(given: PlainRow): string {
  const row = { ...plainRow, ...given };
  const vwap = row.volume === 0 ? null : bits(row.notional / row.volume);
  const doubles = [row.open, row.high, row.low, row.close, row.volume, row.notional, row.buyVolume, row.sellVolume].map(bits);
  return JSON.stringify([
    'test/source', row.venue, row.symbol, row.spec, micros(row.openTimeMs), row.barIndex, micros(row.closeTimeMs), doubles, vwap,
    row.trades, row.quality, row.state, row.revision, row.whole, 1, row.position,
  ]);
}

async function storedTexts(rig: SinkRig): Promise<string[]> {
  const rows = await rig.rows<Record<string, unknown>>(`SELECT *,
      (extract(epoch FROM open_time) * 1000000)::numeric(30, 0)::text AS open_us,
      (extract(epoch FROM close_time) * 1000000)::numeric(30, 0)::text AS close_us,
      ARRAY(SELECT encode(float8send(value), 'hex') FROM unnest(ARRAY[open, high, low, close, volume, notional, buy_volume,
        sell_volume]) WITH ORDINALITY AS doubles (value, place) ORDER BY place) AS doubles,
      encode(float8send(vwap), 'hex') AS vwap_bits FROM bars`);
  return rows.map((row) => JSON.stringify([
    row['lane'], row['venue'], row['symbol'], row['bar_spec'], row['open_us'], row['bar_index'], row['close_us'], row['doubles'],
    row['vwap_bits'], row['trades'], row['quality'], row['state'], row['revision'], row['whole'], row['generation'], row['position'],
  ]));
}

/** `rows` in batches that go by one way only. */
const ways: Readonly<Record<string, (rig: SinkRig, rows: readonly PlainRow[]) => RowBatch[]>> = {
  'plain COPY': (rig, rows) => [rig.batch(rows)],
  'a temp table': (rig, rows) => [rig.batch([...rows, ...manyRows(200)].map((row) => ({ ...row, again: true })))],
  'arrays': (rig, rows) => rows.map((row) => rig.batch([{ ...row, again: true }])),
  'plain COPY and arrays in one batch': (rig, rows) => [
    rig.batch(rows.map((row, index) => ({ ...row, again: index % 3 === 0 }))),
  ],
  'plain COPY and a temp table in one batch': (rig, rows) => [
    rig.batch([...rows.map((row, index) => ({ ...row, again: index % 3 === 0 })), ...manyRows(200, { again: true })]),
  ],
};

describeOnEachServer('a row reaches the table bit by bit', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  it.each(Object.keys(ways))('by %s', async (way) => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await rig.register(laneOf());
    const sink = rig.sink();
    const rows = hardRows();
    for (const batch of ways[way](rig, rows)) await sink.write(batch, noAbort);
    const stored = new Set(await storedTexts(rig));
    expect(rows.map(expectedText).filter((text) => !stored.has(text))).toEqual([]);
  });

  it('and every way gives the same table, whatever comes first', async () => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await rig.register(laneOf());
    const sink = rig.sink();
    const rows = hardRows();
    for (const make of Object.values(ways)) {
      for (const batch of make(rig, rows)) await sink.write(batch, noAbort);
    }
    const stored = new Set(await storedTexts(rig));
    expect(rows.map(expectedText).filter((text) => !stored.has(text))).toEqual([]);
  });
});

describeOnEachServer('which way a row goes', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  const prepare = async (): Promise<void> => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await rig.register(laneOf());
  };

  it('new rows go by plain COPY, rows that may be there do not', async () => {
    await prepare();
    const rows = [...manyRows(300), ...manyRows(150, { spec: '5m', again: true })];
    expect(await rig.sink().write(rig.batch(rows), noAbort)).toMatchObject({ committed: 450, direct: 300, outdated: 0 });
    expect(await rig.count('bars')).toBe(450);
  });

  it('nothing goes by plain COPY in the replay zone of a lane', async () => {
    await prepare();
    const rows = manyRows(300);
    const storedUntilMs = rows.map((row) => row.closeTimeMs!).toSorted((a, b) => a - b)[149];
    const result = await rig.sink().write(rig.batch(rows, laneOf({ storedUntilMs })), noAbort);
    expect(result.direct).toBe(rows.filter((row) => row.closeTimeMs! > storedUntilMs).length);
    expect(await rig.count('bars')).toBe(300);
  });

  it('a new row that is stored already sends its batch, and then its lane, by upsert', async () => {
    await prepare();
    const sink = rig.sink();
    await sink.write(rig.batch(manyRows(1, { trades: 1 })), noAbort);
    const first = await sink.write(rig.batch(manyRows(500, { position: 1_000, trades: 2 })), noAbort);
    expect(first).toMatchObject({ committed: 500, direct: 0, outdated: 0, fellBack: true });
    expect(await rig.rows('SELECT DISTINCT trades FROM bars')).toEqual([{ trades: 2 }]);
    const second = await sink.write(rig.batch(manyRows(500, { spec: '5m' })), noAbort);
    expect(second).toMatchObject({ direct: 0, fellBack: false });
    sink.checkpointed(laneOf());
    expect(await sink.write(rig.batch(manyRows(500, { spec: '1s' })), noAbort)).toMatchObject({ direct: 500 });
    expect(await rig.count('bars')).toBe(1_500);
  });

  it('a batch that is written twice changes nothing the second time', async () => {
    await prepare();
    const sink = rig.sink();
    const batch = rig.batch([...manyRows(300), ...manyRows(300, { spec: '5m', again: true })]);
    await sink.write(batch, noAbort);
    const before = await rig.rows('SELECT *, xmin::text FROM bars ORDER BY symbol, bar_spec, open_time');
    expect(await sink.write(batch, noAbort)).toMatchObject({ committed: 600, outdated: 600 });
    expect(await rig.rows('SELECT *, xmin::text FROM bars ORDER BY symbol, bar_spec, open_time')).toEqual(before);
  });
});

describe('values that no column holds', () => {
  it.each([
    { title: 'a symbol that is half a character', row: { symbol: 'x\ud800' } },
    { title: 'a time that is none', row: { openTimeMs: NaN } },
    { title: 'a time beyond all calendars', row: { closeTimeMs: 1e300 } },
  ])('are refused by the row before anything is sent: $title', async ({ row }) => {
    const rig = new SinkRig(null!, 'postgres://nobody@127.0.0.1:1/none');
    for (const again of [false, true]) {
      const batch = rig.batch([...manyRows(20, { again }), { ...row, again }]);
      await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'bad-row', rowIndex: 20 } });
    }
    await rig.dispose();
  });
});
