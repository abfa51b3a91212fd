import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Lane } from '../../src/model/lane.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noAbort, SinkRig, specNames } from '../support/sink-rows.ts';

/** A version of a bar, and what tells it from all others: the number of its arrival. */
interface Version {
  readonly symbol: string;
  readonly spec: string;
  readonly lane: string;
  readonly generation: number;
  readonly position: number;
  readonly state: number;
  readonly whole: boolean;
  readonly revision: number;
  /** As the operators say it, rightly or not: a row that may be there already. */
  readonly again: boolean;
  readonly trades: number;
}

const keyOf = ({ symbol, spec }: Pick<Version, 'symbol' | 'spec'>): string => `${symbol} ${spec}`;

/** The guard, in the words of the design. */
function judge(stored: Version | undefined, row: Version): 'stored' | 'outdated' | 'refused' {
  if (stored === undefined) return 'stored';
  if (stored.lane !== row.lane) return 'refused';
  const isGreater = row.position > stored.position || (row.position === stored.position && row.state > stored.state);
  const isLater = row.generation > stored.generation && (row.whole || !stored.whole || stored.state !== 3);
  return (row.generation === stored.generation ? isGreater : isLater) ? 'stored' : 'outdated';
}

const symbols = Array.from({ length: 8 }, (_, index) => `S${index}`);
const rows = fc.uniqueArray(fc.record({
  symbol: fc.constantFrom(...symbols), spec: fc.constantFrom(...specNames), position: fc.nat({ max: 4 }),
  state: fc.constantFrom(2, 3, 3), whole: fc.boolean(), revision: fc.nat({ max: 2 }), again: fc.boolean(),
}), { selector: keyOf, minLength: 1, maxLength: 24, size: 'max' });
const batches = fc.array(fc.record({
  rows, generation: fc.constantFrom(1, 2, 2, 3), lane: fc.constantFrom('test/mine', 'test/mine', 'test/mine', 'test/other'),
}), { minLength: 1, maxLength: 12, size: 'max' });

describeOnEachServer('rows of one bar that come in any order and in any batches', (server) => {
  let rig: SinkRig;
  beforeEach(async () => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
  });
  afterEach(() => rig.dispose());

  it('leave the winner that the model names, whichever way they are written', async () => {
    const seen = { stored: 0, outdated: 0, refused: 0, direct: 0, fellBack: 0 };
    await fc.assert(fc.asyncProperty(batches, async (plan) => {
      await rig.use('TRUNCATE bars, dead_letters');
      const sink = rig.sink(); // One that knows nothing of lanes whose rows were not new.
      const model = new Map<string, Version>();
      let trades = 0;
      for (const { rows: plain, generation, lane } of plan) {
        const of: Lane = await rig.register(laneOf({ name: lane, generation }));
        const versions = plain.map((row): Version => ({ ...row, lane, generation, trades: ++trades }));
        const result = await sink.write(rig.batch(versions, of), noAbort);
        const counts = { stored: 0, outdated: 0, refused: 0 };
        for (const version of versions) {
          const verdict = judge(model.get(keyOf(version)), version);
          counts[verdict]++;
          seen[verdict]++;
          if (verdict === 'stored') model.set(keyOf(version), version);
        }
        seen.direct += result.direct;
        seen.fellBack += Number(result.fellBack);
        expect([result.committed, result.outdated, result.setAside.length]).toEqual(
          [counts.stored + counts.outdated, counts.outdated, counts.refused]);
      }
      const table = await rig.rows<Version>(
        'SELECT symbol, bar_spec AS spec, lane, generation, position, state, whole, revision, trades FROM bars');
      const expected = [...model.values()].map(({ again: _, ...row }) => row);
      const inOrder = (list: readonly Omit<Version, 'again'>[]): readonly unknown[] =>
        list.toSorted((a, b) => a.trades - b.trades);
      expect(inOrder(table)).toEqual(inOrder(expected));
      await rig.dispose();
    }), { numRuns: 50 });
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0);
  }, 120_000);
});
