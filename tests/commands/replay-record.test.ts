import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordReplay } from '../../src/commands/replay-record.ts';
import { loadConfig } from '../../src/config.ts';
import type { StoredLetter } from '../../src/model/dead-letter.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Database } from '../../src/postgres.ts';
import { openLogEnd } from '../../src/sources/log-ends.ts';
import { settleLetter, type Attempt } from '../../src/store/dead-letters.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const header = 'trade_id,event_time_ms,side,price,size,symbol';
const good = '1,1700000000000,buy,100,1,BTC';
const zero = '2,1700000001000,buy,100,0,BTC';
const values = JSON.stringify({ venue: 'v', symbol: 'BTC', eventTimeMs: 1_700_000_001_000, price: 100, size: 0, side: 'buy', tradeId: 2 });

interface Rig {
  /** Keys of the source beside name, type, files and venue. */
  readonly source?: string;
  readonly type?: string;
  readonly lane?: string;
  readonly laneSource?: string;
  readonly force?: boolean;
  readonly fixed?: string;
  readonly letter?: Partial<StoredLetter>;
  /** Done between the reading of the log and the replay. */
  readonly meanwhile?: () => void;
  /** The process dies behind the append, before the letter is gone. */
  readonly dies?: true;
}

describeOnEachServer('a record that could not be used', (server) => {
  let folder: string;
  let trades: string;
  let database: Database;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-replay-record-'));
    trades = path.join(folder, 'a.csv');
    writeFileSync(trades, `${header}\n${good}\n${zero}\n`);
    database = await server.migratedDatabase();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Registers the lane of the log as it is now, puts a letter into the table, and replays it. */
  async function replay(rig: Rig = {}): Promise<Attempt | null> {
    const { source = '', type = 'replay', lane = 'p/history', laneSource = 'history' } = rig;
    const file = path.join(folder, 'config.yaml');
    const files = type === 'replay' ? `, files: ["${trades}"]` : '';
    writeFileSync(file, `name: p\nsources:\n  - { name: history, type: ${type}${files}${source} }\n`);
    const { config } = loadConfig({ file, environment: {} });
    await database.query(limit, `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time)
      VALUES ($1, $2, 1, $3, false, now())`, [lane, laneSource, await identityOf()]);
    const letter: StoredLetter = {
      lane, generation: 1, position: 1, origin: 'tick', counter: 0, reason: 'bad-size', message: 'size is 0', place: `${trades}:3`,
      firstAtMs: 0, lastAtMs: 0, retries: 0, bytes: Buffer.from(values), bytesTotal: values.length, ...rig.letter,
    };
    await store(letter);
    rig.meanwhile?.();
    const fixed = rig.fixed === undefined ? null : Buffer.from(rig.fixed);
    const records = new RecordReplay({ config, database, limit }, { force: rig.force === true, fixed });
    await records.prepare([letter]);
    const settle = (dies: boolean): Promise<Attempt | null> => settleLetter(database, limit, {
      key: letter, nowMs: 1,
      attempt: async (found, client) => {
        const attempt = await records.attempt(found, client);
        if (dies) throw new Error('killed');
        return attempt;
      },
    });
    if (rig.dies === true) await expect(settle(true)).rejects.toThrow('killed');
    return settle(false);
  }
  async function identityOf(): Promise<string> {
    const { config } = loadConfig({ file: plainConfig(), environment: {} });
    const end = await openLogEnd('replay', {
      name: 'history', values: config.sources[0].values, instruments: new InstrumentTable(), clock: () => 0, batchSpanMs: Infinity,
    }, '');
    return end.identity;
  }
  function plainConfig(): string {
    const file = path.join(folder, 'plain.yaml');
    writeFileSync(file, `name: p\nsources:\n  - { name: history, type: replay, files: ["${trades}"] }\n`);
    return file;
  }
  async function store(letter: StoredLetter): Promise<void> {
    const { lane, generation, position, origin, counter, reason, message, place, bytes } = letter;
    await database.query(limit, 'INSERT INTO dead_letters VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), now())',
      [lane, generation, position, origin, counter, reason, message, place, Buffer.from(bytes)]);
  }
  const log = (): string => readFileSync(trades, 'utf8');
  const before = `${header}\n${good}\n${zero}\n`;

  it('goes to the end as it stands in the log, where only the values of its tick were kept', async () => {
    expect(await replay({ source: ', zero_size: accept' })).toMatchObject({ kind: 'done' });
    expect(log()).toBe(`${before}${zero}\n`);
    expect((await database.query(limit, 'SELECT FROM dead_letters')).rowCount).toBe(0);
  });

  it('goes there as it was given, corrected, without the line break of the file that it came in', async () => {
    expect(await replay({ fixed: '2,1700000001000,buy,100,5,BTC\r\n' })).toMatchObject({ kind: 'done' });
    expect(log()).toBe(`${before}2,1700000001000,buy,100,5,BTC\n`);
  });

  it('goes there although it will be rejected again, when that is forced', async () => {
    expect(await replay({ force: true })).toMatchObject({ kind: 'done' });
    expect(log()).toBe(`${before}${zero}\n`);
  });

  it('goes there once more after a crash between the append and the note of it: its letter stays until then', async () => {
    expect(await replay({ source: ', zero_size: accept', dies: true })).toMatchObject({ kind: 'done' });
    expect(log()).toBe(`${before}${zero}\n${zero}\n`);
  });

  const otherRecord = (): void => writeFileSync(trades, `${header}\n${good}\n9,1700000001000,buy,100,9,BTC\n`);
  const cases: readonly (readonly [string, Rig, 'unfit' | 'refused', RegExp])[] = [
    ['the settings reject it still', {}, 'refused', /rejected again, as bad-size: size is 0/],
    ['a corrected one is as bad', { fixed: '2,x,buy,100,5,BTC' }, 'refused', /rejected again, as bad-time/],
    ['a corrected one is blank', { fixed: ' \n' }, 'unfit', /one line that is not blank/],
    ['a corrected one is two', { fixed: `${good}\n${good}\n`, force: true }, 'unfit', /one line/],
    ['another record stands in its place', { letter: { bytes: Buffer.from(zero) }, meanwhile: otherRecord }, 'unfit', /Another record stands at .*a\.csv:3/],
    ['its line has gone', { letter: { place: 'gone.csv:3' } }, 'unfit', /gone\.csv:3 is not in the log any more/],
    ['it was too long to be kept', { letter: { reason: 'too-long' } }, 'unfit', /was cut/],
    ['the log is another one', { meanwhile: () => writeFileSync(trades, `${header}\n${zero}\n${good}\n`) }, 'unfit', /another one than lane p\/history/],
    ['the log is complete', { source: ', complete: true' }, 'unfit', /declared final/],
    ['the log is synthetic', { type: 'synthetic' }, 'unfit', /synthetic/],
    ['its file is missing', { meanwhile: () => rmSync(trades) }, 'unfit', /cannot read .*a\.csv/],
    ['its source is not configured', { laneSource: 'other' }, 'unfit', /source "other", which this configuration/],
    ['its lane is another pipeline\'s', { lane: 'q/history' }, 'unfit', /configuration of pipeline "p"/],
  ];
  it.each(cases)('stays when %s', async (_, rig, kind, says) => {
    expect(await replay(rig)).toMatchObject({ kind, message: expect.stringMatching(says) });
    const { rows } = await database.query<{ retries: number }>(limit, 'SELECT retries FROM dead_letters');
    expect(rows).toEqual([{ retries: kind === 'refused' ? 1 : 0 }]);
  });

  it('stays when a newer telling of the log has a letter for it', async () => {
    const bytes = Buffer.from(values);
    await store({
      lane: 'p/history', generation: 2, position: 1, origin: 'tick', counter: 0, reason: 'bad-size', message: '', place: `${trades}:3`,
      firstAtMs: 0, lastAtMs: 0, retries: 0, bytes, bytesTotal: bytes.length,
    });
    expect(await replay({ source: ', zero_size: accept' })).toMatchObject({ kind: 'unfit', message: expect.stringMatching(/newer telling/) });
    expect(log()).toBe(before);
  });

  it('whose lane nobody knows stays', async () => {
    const rig = { meanwhile: () => {}, source: ', zero_size: accept' };
    await database.query(limit, 'CREATE RULE nobody AS ON INSERT TO lanes DO INSTEAD NOTHING');
    expect(await replay(rig)).toMatchObject({ kind: 'unfit', message: expect.stringMatching(/knows no lane p\/history/) });
    await database.query(limit, 'DROP RULE nobody ON lanes');
  });
});
