import { afterEach, expect, it } from 'vitest';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noAbort, SinkRig, type PlainRow } from '../support/sink-rows.ts';

interface Version {
  readonly lane: string;
  readonly generation: number;
  readonly position: number;
  readonly state: number;
  readonly whole: boolean;
}

/** Every version that two writers could leave, with neighbours on both sides of each comparison. */
function versions(lanes: readonly string[]): Version[] {
  return lanes.flatMap((lane) => [1, 2, 3].flatMap((generation) => [1, 2].flatMap((position) => [2, 3].flatMap((state) =>
    [false, true].map((whole) => ({ lane, generation, position, state, whole }))))));
}

/** The rule in the words of the design, told apart from the SQL. */
function outcome(stored: Version, incoming: Version): 'replaced' | 'kept' | 'refused' {
  if (stored.lane !== incoming.lane) return 'refused';
  if (incoming.generation < stored.generation) return 'kept';
  if (incoming.generation > stored.generation) {
    const storedIsClosedAndWhole = stored.state === 3 && stored.whole;
    return storedIsClosedAndWhole && !incoming.whole ? 'kept' : 'replaced';
  }
  if (incoming.position !== stored.position) return incoming.position > stored.position ? 'replaced' : 'kept';
  return incoming.state > stored.state ? 'replaced' : 'kept';
}

const cases = versions(['test/mine', 'test/other']).flatMap((stored) => versions(['test/mine']).map((incoming) => (
  { stored, incoming })));

describeOnEachServer('the guard', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  it.each([
    { way: 'through a temp table', size: cases.length },
    { way: 'from arrays', size: 90 },
  ])('lets the greater stamp win, for every pair of versions, $way', async ({ size }) => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await storeVersions(rig);
    const sink = rig.sink();
    const counted = { committed: 0, outdated: 0, setAside: 0 };
    for (const generation of [1, 2, 3]) {
      const lane = await rig.register(laneOf({ name: 'test/mine', generation }));
      const mine = [...cases.entries()].filter(([, { incoming }]) => incoming.generation === generation);
      for (let from = 0; from < mine.length; from += size) {
        const rows = mine.slice(from, from + size).map(([index, { incoming }]): PlainRow => (
          { symbol: `C${index}`, ...incoming, trades: 2, again: true }));
        const result = await sink.write(rig.batch(rows, lane), noAbort);
        counted.committed += result.committed;
        counted.outdated += result.outdated;
        counted.setAside += result.setAside.length;
      }
    }
    const after = await rig.rows<{ symbol: string; trades: number }>('SELECT symbol, trades FROM bars');
    const replaced = new Map(after.map((row) => [row.symbol, row.trades === 2]));
    const wrong = [...cases.entries()].filter(([index, { stored, incoming }]) => (
      replaced.get(`C${index}`) !== (outcome(stored, incoming) === 'replaced')));
    expect(wrong).toEqual([]);
    const expected = Map.groupBy(cases, ({ stored, incoming }) => outcome(stored, incoming));
    expect(counted).toEqual({
      committed: cases.length - expected.get('refused')!.length, outdated: expected.get('kept')!.length,
      setAside: expected.get('refused')!.length,
    });
    expect(await rig.count('dead_letters')).toBe(expected.get('refused')!.length);
  });
});

async function storeVersions(rig: SinkRig): Promise<void> {
  const column = (read: (version: Version) => unknown): unknown[] => cases.map(({ stored }) => read(stored));
  await rig.rows(`INSERT INTO bars
      SELECT lane, 'binance', 'C' || number - 1, '1m', to_timestamp(1700000040), 0, to_timestamp(1700000100), 1, 1, 1, 1, 1, 1, 1,
             1, 0, 0, 0, state, 0, whole, generation, position
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::smallint[], $5::boolean[]) WITH ORDINALITY
             AS stored (lane, generation, position, state, whole, number)`, [
    column((version) => version.lane), column((version) => version.generation), column((version) => version.position),
    column((version) => version.state), column((version) => version.whole),
  ]);
}
