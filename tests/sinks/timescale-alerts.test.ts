import { afterEach, expect, it } from 'vitest';
import type { AlertRow } from '../../src/model/alert.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import { createRowBatch, type RowBatch } from '../../src/model/rows.ts';
import { createRule } from '../../src/store/alert-rules.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noAbort, SinkRig, specNames } from '../support/sink-rows.ts';

const ruleId = '11111111-1111-4111-8111-111111111111';
const openMs = Date.UTC(2024, 0, 1);
const minuteMs = 60_000;
const limit = { deadlineMs: 30_000 };

interface Version {
  readonly generation: number;
  readonly position: number;
  readonly state: number;
  readonly whole: boolean;
}

const versions = [1, 2].flatMap((generation) => [1, 2].flatMap((position) => [2, 3].flatMap((state) =>
  [false, true].map((whole): Version => ({ generation, position, state, whole })))));

/** The rule in the words of the design, told apart from the SQL. */
function isReplaced(stored: Version, incoming: Version): boolean {
  if (incoming.generation !== stored.generation) {
    return incoming.generation > stored.generation && (incoming.whole || !(stored.state === 3 && stored.whole));
  }
  return incoming.position === stored.position ? incoming.state > stored.state : incoming.position > stored.position;
}

describeOnEachServer('alerts in the database', (server) => {
  let rig: SinkRig;
  let instruments: InstrumentTable;
  afterEach(() => rig.dispose());

  async function prepare(): Promise<void> {
    instruments = new InstrumentTable();
    rig = new SinkRig(await server.migratedDatabase(), server.url(), { instruments, specNames });
  }

  const rowOf = (fields: Partial<AlertRow>): AlertRow => ({
    ruleId, ruleVersion: 1, validFromMs: openMs, instrument: instruments.intern('v', 'BTC'), barSpec: '1m', openTimeMs: openMs,
    closeTimeMs: openMs + minuteMs, barIndex: 0, isMet: true, news: null, value: 1, state: 3, whole: true, position: 10, kept: true,
    ...fields,
  });
  const write = async (lane: Lane, rows: readonly Partial<AlertRow>[]): Promise<number> => {
    const batch: RowBatch = { ...createRowBatch(await rig.register(lane), 0, 0, 1), alerts: rows.map(rowOf) };
    return (await rig.sink().write(batch, noAbort)).outdated;
  };
  const states = async (): Promise<unknown[]> =>
    (await rig.rows<{ state: number }>('SELECT state::integer FROM alerts ORDER BY open_time')).map(({ state }) => state);

  it('stand there with every field', async () => {
    await prepare();
    await write(laneOf({ name: 'test/mine', generation: 7 }), [{ value: 1 / 3, state: 2, whole: false, position: 99, barIndex: 2 }]);
    expect(await rig.rows(`SELECT rule_id::text, rule_version, lane, venue, symbol, bar_spec, bar_index, state::integer, value,
        bar_state::integer, whole, generation::integer, position::integer, notified_at,
        extract(epoch FROM open_time)::double precision * 1000 AS open,
        extract(epoch FROM close_time)::double precision * 1000 AS close FROM alerts`)).toEqual([{
      rule_id: ruleId, rule_version: 1, lane: 'test/mine', venue: 'v', symbol: 'BTC', bar_spec: '1m', bar_index: 2, state: 1,
      value: 1 / 3, bar_state: 2, whole: false, generation: 7, position: 99, notified_at: null, open: openMs,
      close: openMs + minuteMs,
    }]);
  });

  it('are replaced where the greater stamp says so, for every pair of versions, and withdrawn where they are not met', async () => {
    await prepare();
    const pairs = versions.flatMap((stored) => versions.map((incoming) => ({ stored, incoming })));
    let outdated = 0;
    for (const which of ['stored', 'incoming'] as const) {
      for (const generation of [1, 2]) {
        const rows = [...pairs.entries()].filter(([, pair]) => pair[which].generation === generation)
          .map(([index, pair]) => ({ ...pair[which], openTimeMs: openMs + index * minuteMs, isMet: which === 'stored' }));
        outdated += await write(laneOf({ name: 'test/mine', generation }), rows);
      }
    }
    const expected = pairs.map(({ stored, incoming }) => (isReplaced(stored, incoming) ? 2 : 1));
    expect(await states()).toEqual(expected);
    expect(outdated).toBe(expected.filter((state) => state === 1).length);
  });

  it('that are not met speak only against what was said, unless they are to be kept', async () => {
    await prepare();
    const lane = laneOf({ name: 'test/mine' });
    expect(await write(lane, [{ isMet: false, kept: false, position: 5 }])).toBe(1);
    expect(await states()).toEqual([]);
    await write(lane, [{ position: 6 }]);
    await write(lane, [{ isMet: false, kept: false, position: 7 }]);
    expect(await states()).toEqual([2]);
    await write(lane, [{ openTimeMs: openMs + minuteMs, isMet: false, kept: true, position: 8 }]);
    expect(await states()).toEqual([2, 0]);
    await write(lane, [{ openTimeMs: openMs + minuteMs, isMet: false, position: 9 }]);
    expect(await states()).toEqual([2, 0]);
    await write(lane, [{ openTimeMs: openMs + minuteMs, position: 7 }]); // One who was frozen when it was right.
    expect(await states()).toEqual([2, 0]);
    await write(lane, [{ position: 9 }]);
    expect(await states()).toEqual([1, 0]);
  });

  it('of another lane are left alone', async () => {
    await prepare();
    await write(laneOf({ name: 'test/mine' }), [{ position: 6 }]);
    expect(await write(laneOf({ name: 'test/other' }), [{ isMet: false, position: 60 }])).toBe(1);
    expect(await states()).toEqual([1]);
  });

  it('say with the first of them from where on a version holds, and never again', async () => {
    await prepare();
    await createRule(rig.database, limit, {
      id: ruleId, venue: 'v', symbol: 'BTC', barSpec: '1m', condition: 'price_above', threshold: 1, indicator: null,
      expiresMs: null, note: '', muted: false, nowMs: openMs, rulesMax: 1,
    });
    const lane = laneOf({ name: 'test/mine' });
    const begun = async (): Promise<unknown> => (await rig.rows<{ at: number }>(
      'SELECT extract(epoch FROM valid_from)::double precision * 1000 AS at FROM alert_rules'))[0].at;
    expect(await begun()).toBeNull();
    await write(lane, [{ validFromMs: openMs - 5_000 }]);
    expect(await begun()).toBe(openMs - 5_000);
    await write(lane, [{ validFromMs: openMs, openTimeMs: openMs + minuteMs }]);
    expect(await begun()).toBe(openMs - 5_000);
  });

  it('change the time of their change with their state alone', async () => {
    await prepare();
    const lane = laneOf({ name: 'test/mine' });
    const changed = async (): Promise<string> => (await rig.rows<{ at: string }>('SELECT changed_at::text AS at FROM alerts'))[0].at;
    await write(lane, [{ position: 6 }]);
    const first = await changed();
    await write(lane, [{ position: 7, value: 3 }]);
    expect(await changed()).toBe(first);
    await write(lane, [{ position: 8, isMet: false }]);
    expect(await changed()).not.toBe(first);
  });
});
