import { describe, expect, it } from 'vitest';
import { DayCloses } from '../../src/commands/day-closes.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { readLastCloses } from '../../src/store/last-closes.ts';
import { LiveRig } from '../live/hub-rig.ts';
import { dawn } from '../operators/fold-rig.ts';
import { storeBars } from '../store/stored-rows.ts';
import { describeOnEachServer } from '../support/servers.ts';

const hourMs = 3_600_000;

describe('the closes that prices are compared to', () => {
  it('are asked for once for each instrument, also for one that comes later, and again after a failure', async () => {
    const instruments = new InstrumentTable();
    const [asked, seeded]: [string[], number[]] = [[], []];
    let isAway = true;
    const closes = new DayCloses({
      instruments, seed: ({ close }) => seeded.push(close),
      read: async (wanted) => {
        if (isAway) throw new Error('away');
        asked.push(wanted.map(({ symbol }) => symbol).join());
        return wanted.map(({ venue, symbol }) => ({ venue, symbol, openMs: 0, close: symbol.charCodeAt(0) }));
      },
    });
    instruments.intern('v', 'A');
    instruments.intern('v', 'B');
    const { signal } = new AbortController();
    await expect(closes.look(signal)).rejects.toThrow('away');
    isAway = false;
    await closes.look(signal);
    instruments.intern('v', 'C');
    await closes.look(signal);
    await closes.look(signal);
    expect([asked, seeded]).toEqual([['A,B', 'C'], [65, 66, 67]]);
  });
});

describeOnEachServer('the closes that prices are compared to', (server) => {
  it('are those of the newest stored bar of the longest spec, until a newer one closes', async () => {
    const database = await server.migratedDatabase();
    const bar = (openMs: number, close: number, spec = '1h') => ({ venue: 'venue', symbol: 'A', spec, openMs, closeMs: openMs + hourMs, close });
    const hour = Math.floor(dawn / hourMs) * hourMs;
    await storeBars(database, [bar(hour - 3 * hourMs, 1), bar(hour - hourMs, 40), bar(hour - hourMs + 60_000, 99, '1m')]);
    const rig = new LiveRig({ specs: ['1s', '1h'] });
    rig.take([{ at: 0, price: 50 }, { at: 0, symbol: 'B', price: 7 }]);
    const rows = await readLastCloses(database, { deadlineMs: 10_000 }, {
      spec: rig.hub.daySpec, instruments: [{ venue: 'venue', symbol: 'A' }, { venue: 'venue', symbol: 'B' }],
    });
    expect(rows).toEqual([{ venue: 'venue', symbol: 'A', openMs: hour - hourMs, close: 40 }]);
    for (const row of rows) rig.hub.seedClose(row);
    const client = rig.connect().subscribe({ channel: 'quotes' });
    const [, snapshot] = client.take();
    expect(snapshot).toMatchObject({ changes: { quotes: [
      { symbol: 'A', price: 50, previous_close: 40 }, { symbol: 'B', price: 7, previous_close: null },
    ] } });
  });
});
