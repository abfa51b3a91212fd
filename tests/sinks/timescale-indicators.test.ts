import { afterEach, expect, it } from 'vitest';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import { createRowBatch, type RowBatch } from '../../src/model/rows.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noAbort, SinkRig, specNames } from '../support/sink-rows.ts';
import { indicatorLines, openMsOf, valuesOf, type PlainValue } from '../support/value-rows.ts';

interface Version {
  readonly lane: string;
  readonly generation: number;
  readonly position: number;
  readonly state: number;
  readonly whole: boolean;
}

function versions(lanes: readonly string[]): Version[] {
  return lanes.flatMap((lane) => [1, 2].flatMap((generation) => [1, 2].flatMap((position) => [2, 3].flatMap((state) =>
    [false, true].map((whole) => ({ lane, generation, position, state, whole }))))));
}

/** The rule in the words of the design, told apart from the SQL. */
function isReplaced(stored: Version, incoming: Version): boolean {
  if (stored.lane !== incoming.lane) return false;
  if (incoming.generation !== stored.generation) {
    return incoming.generation > stored.generation && (incoming.whole || !(stored.state === 3 && stored.whole));
  }
  return incoming.position === stored.position ? incoming.state > stored.state : incoming.position > stored.position;
}

describeOnEachServer('values of indicators in the database', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  async function prepare(): Promise<InstrumentTable> {
    const instruments = new InstrumentTable();
    rig = new SinkRig(await server.migratedDatabase(), server.url(), { instruments, specNames, indicatorLines });
    return instruments;
  }

  const batchOf = (lane: Lane, values: readonly PlainValue[]): RowBatch =>
    ({ ...createRowBatch(lane, 0, 0, 1), indicators: valuesOf(values) });

  it('stand there with every field, null where there is none', async () => {
    const instruments = await prepare();
    const lane = await rig.register(laneOf({ name: 'test/mine', generation: 7 }));
    const instrument = instruments.intern('binance', 'BTC');
    const result = await rig.sink().write(batchOf(lane, [
      { instrument, at: 1, line: 2, value: 1 / 3, quality: 2, state: 2, revision: 4, whole: false, position: 99 },
      { instrument, at: 0, value: NaN },
    ]), noAbort);
    expect(result).toMatchObject({ committed: 2, outdated: 0, setAside: [] });
    expect(await rig.rows(`SELECT lane, venue, symbol, bar_spec, indicator, bar_index, value, quality, state, revision, whole,
        generation::integer, position::integer, extract(epoch FROM open_time)::double precision * 1000 AS open,
        extract(epoch FROM close_time)::double precision * 1000 AS close FROM indicators ORDER BY open_time`)).toEqual([
      { lane: 'test/mine', venue: 'binance', symbol: 'BTC', bar_spec: '1m', indicator: 'rsi(14)', bar_index: 0, value: null,
        quality: 0, state: 3, revision: 0, whole: true, generation: 7, position: 10, open: openMsOf(0), close: openMsOf(1) },
      { lane: 'test/mine', venue: 'binance', symbol: 'BTC', bar_spec: '5m', indicator: 'rsi(14)', bar_index: 0, value: 1 / 3,
        quality: 2, state: 2, revision: 4, whole: false, generation: 7, position: 99, open: openMsOf(1), close: openMsOf(2) },
    ]);
  });

  it('are replaced where the greater stamp says so, for every pair of versions', async () => {
    const instruments = await prepare();
    const cases = versions(['test/mine', 'test/other']).flatMap((stored) => versions(['test/mine']).map((incoming) => (
      { stored, incoming })));
    const instrument = (index: number): number => instruments.intern('v', `C${index}`);
    let outdated = 0;
    for (const which of ['stored', 'incoming'] as const) {
      for (const { lane: name, generation } of versions(['test/mine', 'test/other'])) {
        const lane = await rig.register(laneOf({ name, generation }));
        const rows = [...cases.entries()].flatMap(([index, pair]) => {
          const { lane: owner, generation: told, ...fields } = pair[which];
          const isHere = owner === name && told === generation;
          return isHere ? [{ instrument: instrument(index), ...fields, value: which === 'stored' ? 1 : 2 }] : [];
        });
        if (rows.length > 0) outdated += (await rig.sink().write(batchOf(lane, rows), noAbort)).outdated;
      }
    }
    const after = await rig.rows<{ symbol: string; value: number }>('SELECT symbol, value FROM indicators');
    const replaced = new Map(after.map(({ symbol, value }) => [symbol, value === 2]));
    expect(after.length).toBe(cases.length);
    const wrong = [...cases.entries()].filter(([index, { stored, incoming }]) => (
      replaced.get(`C${index}`) !== isReplaced(stored, incoming)));
    expect(wrong).toEqual([]);
    expect(outdated).toBeGreaterThan(0);
  });

  it('are not written by whom a newer telling has passed', async () => {
    await prepare();
    const lane = await rig.register(laneOf({ name: 'test/mine', generation: 1 }));
    await rig.register({ ...lane, generation: 2 });
    await expect(rig.sink().write(batchOf(lane, [{ instrument: rig.names.instruments.intern('v', 's') }]), noAbort))
      .rejects.toMatchObject({ failure: { kind: 'lane-lost' } });
    expect(await rig.count('indicators')).toBe(0);
  });

  it('of a symbol that is no text are named by their place among all rows', async () => {
    const instruments = await prepare();
    const lane = await rig.register(laneOf({ name: 'test/mine', generation: 1 }));
    const values = [{ instrument: instruments.intern('v', 's') }, { instrument: instruments.intern('v', '\uD800') }];
    const batch = { ...batchOf(lane, values), bars: rig.bars([{ symbol: 'other' }]) };
    await expect(rig.sink().write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'bad-row', rowIndex: 2 } });
  });
});
