import { afterEach, expect, it } from 'vitest';
import type { DeadLetter, LateTick, RowBatch } from '../../src/model/rows.ts';
import type { Gap } from '../../src/model/gap.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { manyRows, noAbort, plainRow, SinkRig } from '../support/sink-rows.ts';

/** What each SQLSTATE asks for, from the design's table of causes. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'unavailable': [
    '08000', '08006', '25006', '25P03', '40001', '40P01', '53100', '53200', '53300', '55P03', '57014', '57P01', '57P02', '57P03',
  ],
  'too-large': ['53400'],
  'bad-row': ['22003', '22021', '22P02', '23514', '23505', '54000'],
  'lane-lost': ['MD001'],
  'misconfigured': ['0A000', '21000', '22P03', '23502', '28000', '28P01', '3D000', '42501', '42703', '42P01', '42883', '58030', 'XX000', 'P0001'],
};

const tick: LateTick = {
  instrument: 0, eventTimeMs: 1_700_000_000_000.123, price: 1 / 3, size: -0, side: 2, tradeId: 'a"b\\c', watermarkMs: 1_700_000_009_999,
  position: 5, counter: 0,
};
const letter: DeadLetter = {
  origin: 'tick', reason: 'malformed', message: 'a \0 in it', place: 'trades.csv:7', bytes: Uint8Array.of(0, 255, 10), position: 5,
  counter: 0, atMs: 1_700_000_000_000,
};
const gap: Gap = {
  kind: 'gap', lane: laneOf(), position: 5, instruments: 'all', venue: 'all', fromMs: 1_700_000_000_000, untilMs: 1_700_000_060_000,
  reason: 'disconnect', ticksLost: 3,
};

describeOnEachServer('what the sink refuses', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  const prepare = async (): Promise<void> => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await rig.register(laneOf());
  };
  const side = (parts: Partial<RowBatch>): RowBatch => ({ ...rig.batch([]), ...parts });

  it.each(Object.entries(kinds))('a failure of the kind %s writes nothing: SQLSTATE %s', async (kind, states) => {
    await prepare();
    const sink = rig.sink();
    for (const [index, state] of states.entries()) {
      const lane = await rig.register(laneOf({ name: `test/${index}` })); // A fallback to upsert belongs to one lane.
      await refuseRows(rig, state);
      for (const rows of [manyRows(300), manyRows(300, { again: true }), manyRows(60, { again: true })]) {
        const failure = await sink.write(rig.batch(rows, lane), noAbort).then(() => null, (error: unknown) => error);
        expect(failure, state).toMatchObject({ name: 'SinkError', failure: { kind } });
        expect(String(failure)).toContain(`planted (SQLSTATE ${state})`);
      }
    }
    expect(await rig.count('bars')).toBe(0);
    await rig.rows('DROP TRIGGER refuse ON bars');
    // The connections are fit for the next batch: nothing of the failed transactions is left.
    await rig.register(laneOf());
    expect(await sink.write(rig.batch(manyRows(60, { again: true })), noAbort)).toMatchObject({ committed: 60, outdated: 0 });
  });

  it('a symbol with a NUL is told by its row, in plain COPY and through a temp table', async () => {
    await prepare();
    for (const again of [false, true]) {
      const batch = rig.batch(manyRows(300, { again }).map((row, index) => (index === 123 ? { ...row, symbol: 'a\0b' } : row)));
      await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'bad-row', rowIndex: 123 } });
    }
  });

  it('a row that breaks a CHECK is told by its row in plain COPY', async () => {
    await prepare();
    await rig.rows('ALTER TABLE bars ADD CONSTRAINT sane CHECK (trades < 1000000)');
    const batch = rig.batch(manyRows(5_000).map((row, index) => (index === 4_321 ? { ...row, trades: 1_000_000 } : row)));
    await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'bad-row', rowIndex: 4_321 } });
  });

  it('a symbol that no index entry can hold is a bad row, not the end', async () => {
    await prepare();
    const noise = Array.from({ length: 9_000 }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7_919) % 20_000))).join('');
    await expect(rig.sink().write(rig.batch([{ symbol: noise }]), noAbort)).rejects.toMatchObject({ failure: { kind: 'bad-row' } });
  });

  it.each([
    { title: 'by plain COPY', again: false },
    { title: 'by upsert', again: true },
  ])('rows of a lane that has a newer generation are not written, $title', async ({ again }) => {
    await prepare();
    await rig.register(laneOf({ generation: 2 }));
    const lane = laneOf({ generation: 1 });
    const batch = { ...rig.batch(manyRows(300, { again }), lane), lateTicks: [{ ...tick }], deadLetters: [letter] };
    await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'lane-lost', lane } });
    for (const table of ['bars', 'late_ticks', 'dead_letters']) expect(await rig.count(table)).toBe(0);
  });

  it('a lane that nobody has registered is a lost one', async () => {
    await prepare();
    const batch = rig.batch(manyRows(10), laneOf({ name: 'test/unknown' }));
    await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'lane-lost' } });
  });

  it("another lane's rows stay as they are, and ours are kept as dead letters", async () => {
    await prepare();
    const other = await rig.register(laneOf({ name: 'test/other' }));
    const sink = rig.sink();
    await sink.write(rig.batch(manyRows(300).slice(0, 40), other), noAbort);
    const batch = rig.batch(manyRows(300, { trades: 77 }));
    const result = await sink.write(batch, noAbort);
    expect(result).toMatchObject({ committed: 260, outdated: 0 });
    expect(result.setAside).toHaveLength(40);
    expect(await sink.write(batch, noAbort)).toMatchObject({ committed: 260, outdated: 260 });
    expect(await rig.rows('SELECT lane, count(*) AS count FROM bars GROUP BY lane ORDER BY lane'))
      .toEqual([{ lane: 'test/other', count: 40 }, { lane: 'test/source', count: 260 }]);
    const letters = await rig.rows<{ bytes: Buffer; message: string }>("SELECT * FROM dead_letters WHERE reason = 'other-lane'");
    expect(letters).toHaveLength(40);
    expect(letters[0].message).toContain('test/other');
    expect(letters.map(({ bytes }): unknown => JSON.parse(bytes.toString()))).toContainEqual(expect.objectContaining({
      kind: 'bar', lane: 'test/source', generation: 1, venue: 'binance', trades: 77, close: plainRow.close,
    }));
  });

  it('late ticks, gaps and dead letters are written once, with their bars', async () => {
    await prepare();
    const [btc, eth] = [rig.names.instruments.intern('binance', 'BTC'), rig.names.instruments.intern('kraken', 'ETH')];
    const batch: RowBatch = {
      ...rig.batch([{}]), lateTicks: [{ ...tick, instrument: btc }, { ...tick, counter: 1, tradeId: null }],
      gaps: [gap, { ...gap, venue: 1 }, { ...gap, instruments: Int32Array.of(btc, eth), barSpec: '1m', reason: 'dropped-rows' }],
      deadLetters: [letter, { ...letter, atMs: letter.atMs + 5_000 }],
    };
    const sink = rig.sink();
    expect(await sink.write(batch, noAbort)).toMatchObject({ committed: 8, outdated: 0 });
    expect(await sink.write(batch, noAbort)).toMatchObject({ committed: 8 });
    expect(await rig.rows(`SELECT counter, venue, symbol, trade_id, encode(float8send(price), 'hex') AS price,
        encode(float8send(size), 'hex') AS size, side, (extract(epoch FROM event_time) * 1000000)::bigint AS event_us
        FROM late_ticks ORDER BY counter`)).toEqual([
      { counter: 0, venue: 'binance', symbol: 'BTC', trade_id: 'a"b\\c', price: '3fd5555555555555', size: '8000000000000000', side: 2, event_us: 1_700_000_000_000_123 },
      { counter: 1, venue: 'binance', symbol: 'BTC', trade_id: null, price: '3fd5555555555555', size: '8000000000000000', side: 2, event_us: 1_700_000_000_000_123 },
    ]);
    expect(await rig.rows('SELECT venue, symbol, bar_spec, reason, ticks_lost FROM gaps ORDER BY venue, symbol, bar_spec')).toEqual([
      { venue: '', symbol: '', bar_spec: '', reason: 'disconnect', ticks_lost: 3 },
      { venue: 'binance', symbol: 'BTC', bar_spec: '1m', reason: 'dropped-rows', ticks_lost: 3 },
      { venue: 'kraken', symbol: '', bar_spec: '', reason: 'disconnect', ticks_lost: 3 },
      { venue: 'kraken', symbol: 'ETH', bar_spec: '1m', reason: 'dropped-rows', ticks_lost: 3 },
    ]);
    expect(await rig.rows('SELECT origin, counter, message, bytes, first_at, last_at FROM dead_letters')).toEqual([{
      origin: 'tick', counter: 0, message: 'a \uFFFD in it', bytes: Buffer.from(letter.bytes),
      first_at: new Date(letter.atMs + 5_000), last_at: new Date(letter.atMs + 5_000),
    }]);
  });

  it('a dead letter that comes again says when it was last seen', async () => {
    await prepare();
    const sink = rig.sink();
    await sink.write(side({ deadLetters: [letter] }), noAbort);
    await sink.write(side({ deadLetters: [{ ...letter, atMs: letter.atMs + 60_000 }] }), noAbort);
    expect(await rig.rows('SELECT first_at, last_at FROM dead_letters'))
      .toEqual([{ first_at: new Date(letter.atMs), last_at: new Date(letter.atMs + 60_000) }]);
  });
});

/** From now on the table refuses one of many rows with this SQLSTATE. */
async function refuseRows(rig: SinkRig, state: string): Promise<void> {
  await rig.rows(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.symbol = 'S7' THEN RAISE EXCEPTION 'planted' USING ERRCODE = '${state}'; END IF; RETURN NEW; END $$`);
  await rig.rows('DROP TRIGGER IF EXISTS refuse ON bars');
  await rig.rows('CREATE TRIGGER refuse BEFORE INSERT ON bars FOR EACH ROW EXECUTE FUNCTION refuse()');
}
