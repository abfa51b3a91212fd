import { afterEach, expect, it } from 'vitest';
import { replayRow } from '../../src/commands/replay-row.ts';
import type { LetterKey, StoredLetter } from '../../src/model/dead-letter.ts';
import type { Lane } from '../../src/model/lane.ts';
import { readLetter, settleLetter, type Attempt } from '../../src/store/dead-letters.ts';
import { writeDeadLetters } from '../../src/sinks/timescale/side-tables.ts';
import { letterOfRow } from '../../src/sinks/set-aside.ts';
import { laneOf } from '../support/batches.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noAbort, plainRow, SinkRig, type PlainRow } from '../support/sink-rows.ts';

const limit = { deadlineMs: 30_000 };
const nowMs = Date.UTC(2024, 0, 1);

describeOnEachServer('a row that the database refused', (server) => {
  let rig: SinkRig;
  afterEach(() => rig.dispose());

  const prepare = async (): Promise<void> => {
    rig = new SinkRig(await server.migratedDatabase(), server.url());
    await rig.register(laneOf());
  };

  /** Puts a bar among the dead letters, as the sink does. */
  async function setAside(row: PlainRow, lane: Lane = laneOf()): Promise<LetterKey> {
    const letter = letterOfRow(rig.batch([row], lane), 0, rig.names, { reason: 'refused', message: 'no', atMs: nowMs - 1_000 });
    await rig.database.use(limit, (client) => writeDeadLetters(client, lane, [letter]));
    const { position, origin, counter } = letter;
    return { lane: lane.name, generation: lane.generation, position, origin, counter };
  }
  const replay = (key: LetterKey): Promise<Attempt | null> => settleLetter(
    rig.database, limit, { key, nowMs, attempt: (letter, client) => replayRow(letter, client, nowMs) });
  const write = (row: PlainRow, lane: Lane = laneOf()): Promise<unknown> => rig.sink().write(rig.batch([row], lane), noAbort);
  const letterAt = (key: LetterKey): Promise<StoredLetter | null> => readLetter(rig.database, limit, key);
  const closes = async (): Promise<number[]> =>
    (await rig.rows<{ close: number }>('SELECT close FROM bars ORDER BY open_time')).map(({ close }) => close);

  it('is in the table in every field once the cause is mended, and its letter is gone', async () => {
    await prepare();
    await write({ symbol: 'ETH', close: 1 / 3, position: 20 });
    const key = await setAside({ close: 1 / 3, position: 20 });
    expect(await replay(key)).toEqual({ kind: 'done', note: 'the row is in the table' });
    expect(await letterAt(key)).toBeNull();
    const rows = await rig.rows<Record<string, unknown>>('SELECT * FROM bars ORDER BY symbol');
    const [replayed, written] = rows.map(({ symbol: _, written_at: __, ...row }) => row);
    expect(rows).toHaveLength(2);
    expect(replayed).toEqual(written);
  });

  it('stays with the words of the database while the cause lasts', async () => {
    await prepare();
    await rig.rows('ALTER TABLE bars ADD CONSTRAINT planted CHECK (close < 100)');
    const key = await setAside({ close: 101 });
    for (let retries = 1; retries <= 2; retries++) {
      expect(await replay(key)).toMatchObject({ kind: 'refused', message: expect.stringContaining('planted') });
      expect(await letterAt(key)).toMatchObject({ retries, lastAtMs: nowMs, message: expect.stringContaining('23514') });
    }
    await rig.rows('ALTER TABLE bars DROP CONSTRAINT planted');
    expect(await replay(key)).toMatchObject({ kind: 'done' });
  });

  it('never replaces what has seen more, or as much', async () => {
    await prepare();
    const key = await setAside({ close: 1, position: 10 });
    await write({ close: 2, position: 11 });
    expect(await replay(key)).toMatchObject({ kind: 'done', note: expect.stringContaining('seen as much or more') });
    expect(await closes()).toEqual([2]);
    expect(await letterAt(key)).toBeNull();
  });

  it('replaces what has seen less', async () => {
    await prepare();
    const key = await setAside({ close: 1, position: 10 });
    await write({ close: 2, position: 9 });
    expect(await replay(key)).toMatchObject({ kind: 'done', note: 'the row is in the table' });
    expect(await closes()).toEqual([1]);
  });

  it('of an older generation is kept out by the fence, also where no bar stands', async () => {
    await prepare();
    const key = await setAside({ close: 1 });
    await rig.register(laneOf({ generation: 2 }));
    expect(await replay(key)).toMatchObject({ kind: 'unfit', message: expect.stringContaining('newer generation than 1') });
    expect(await closes()).toEqual([]);
    expect(await letterAt(key)).toMatchObject({ retries: 0 });
  });

  it('that another lane owns is refused again', async () => {
    await prepare();
    const other = await rig.register(laneOf({ name: 'test/other' }));
    await write({ close: 2 }, other);
    const key = await setAside({ close: 1, position: 99 });
    expect(await replay(key)).toMatchObject({ kind: 'refused', message: expect.stringContaining('lane test/other') });
    expect(await closes()).toEqual([2]);
    expect(await letterAt(key)).toMatchObject({ retries: 1 });
  });

  it('that cannot be read is left alone', async () => {
    await prepare();
    const key = await setAside(plainRow);
    await rig.rows("UPDATE dead_letters SET bytes = '{\"kind\":\"bar\"}'");
    expect(await replay(key)).toMatchObject({ kind: 'unfit', message: expect.stringContaining('its barSpec is missing') });
  });
});
