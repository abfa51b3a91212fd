import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { TestEmbedded } from '../support/embedded.ts';
import {
  RawClient, bind, errorOf, execute, flush, message, parse, query, request, startup, sync, typesOf,
} from './raw-client.ts';

const hasPsql = spawnSync('psql', ['--version']).status === 0;

describe('the wire front of the embedded TimescaleDB', () => {
  let embedded: TestEmbedded;
  const clients: Client[] = [];
  const raw: RawClient[] = [];

  beforeAll(async () => {
    embedded = await TestEmbedded.start();
  });
  afterAll(() => embedded.dispose());

  beforeEach(async () => {
    const client = await connect();
    await client.query('DROP TABLE IF EXISTS t; CREATE TABLE t (a integer PRIMARY KEY, b text)');
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
    for (const client of raw.splice(0)) client.socket.destroy();
  });

  async function connect(options: Record<string, unknown> = {}): Promise<Client> {
    const client = new Client({ connectionString: embedded.url, ...options });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  }

  async function rawClient(parameters: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = await RawClient.start(embedded.url, parameters);
    raw.push(client);
    return client;
  }

  async function copyIn(client: Client, sql: string, data: Buffer): Promise<number> {
    const stream = client.query(copyFrom(sql));
    const done = Promise.race([once(stream, 'finish'), once(stream, 'error').then(([error]) => Promise.reject(error as Error))]);
    stream.end(data);
    await done;
    return stream.rowCount;
  }

  async function copyOut(client: Client, sql: string): Promise<Buffer> {
    const chunks: Buffer[] = [];
    await pipeline(client.query(copyTo(sql)), async (source) => {
      for await (const chunk of source as AsyncIterable<Buffer>) chunks.push(chunk);
    });
    return Buffer.concat(chunks);
  }

  it('answers batches whose messages end just where its receive buffer of 8 KiB does', async () => {
    const client = await rawClient();
    const batch = (padding: number): Buffer[] => [
      parse(`SELECT 'answer' /*${'x'.repeat(padding)}*/`), bind(), message('D', 'P\0'), execute(), sync(),
    ];
    const lengths = batch(0).map(({ length }) => length);
    for (const bufferBytes of [8_192, 16_384]) {
      for (let end = 1; end <= lengths.length; end++) {
        const padding = bufferBytes - lengths.slice(0, end).reduce((sum, length) => sum + length, 0);
        for (const more of [-1, 0, 1]) {
          client.send(...batch(padding + more));
          expect(typesOf(await client.until('Z')), `${end} messages end at ${bufferBytes + more}`).toBe('12TDCZ');
        }
      }
    }
  });

  it('runs several statements of one query, and parameters', async () => {
    const client = await connect();
    const results = await client.query('SELECT 1 AS a; SELECT 2 AS a') as unknown as { rows: unknown[] }[];
    expect(results.map((result) => result.rows)).toEqual([[{ a: 1 }], [{ a: 2 }]]);
    const { rows } = await client.query('SELECT $1::text AS "text", $2::bigint + 1 AS number', ["it's; ü", '41']);
    expect(rows).toEqual([{ text: "it's; ü", number: '42' }]);
    await expect(client.query('')).resolves.toMatchObject({ rows: [] });
  });

  it('an error ends its statement only, and a transaction until it is rolled back', async () => {
    const client = await connect();
    await expect(client.query('SELECT 1 / $1::integer', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('SELECT nope; SELECT 1')).rejects.toMatchObject({ code: '42703' });
    await client.query('BEGIN');
    await expect(client.query('SELECT nope')).rejects.toMatchObject({ code: '42703' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    expect((await client.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  it('an error in the middle of a pipelined batch skips the rest of it, and answers the next one', async () => {
    const client = await rawClient();
    client.send(parse('SELECT 1'), bind(), execute(), parse('SELECT nope'), bind(), execute(), sync(),
      parse('SELECT 2'), bind(), execute(), sync());
    const [first, second] = [await client.until('Z'), await client.until('Z')];
    expect([typesOf(first), typesOf(second)]).toEqual(['12DCEZ', '12DCZ']);
    expect(errorOf(first).code).toBe('42703');
  });

  it('Flush gives what there is without ending the batch; after an error everything is skipped up to Sync', async () => {
    const client = await rawClient();
    client.send(parse('SELECT 1'), flush());
    expect(typesOf(await client.until('1'))).toBe('1');
    client.send(bind(), execute(), sync());
    expect(typesOf(await client.until('Z'))).toBe('2DCZ');
    client.send(parse('SELECT nope'), flush());
    expect(typesOf(await client.until('E'))).toBe('E');
    client.send(bind(), execute(), flush(), sync());
    expect(typesOf(await client.until('Z'))).toBe('Z');
  });

  it('COPY goes in and out, as text and binary', async () => {
    const client = await connect();
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index}\trow ${index}\n`).join('');
    expect(await copyIn(client, 'COPY t FROM STDIN', Buffer.from(rows))).toBe(20_000);
    expect((await copyOut(client, 'COPY (SELECT * FROM t ORDER BY a) TO STDOUT')).toString()).toBe(rows);
    const binary = await copyOut(client, 'COPY t TO STDOUT WITH (FORMAT binary)');
    await client.query('TRUNCATE t');
    expect(await copyIn(client, 'COPY t FROM STDIN WITH (FORMAT binary)', binary)).toBe(20_000);
    expect((await client.query('SELECT count(*)::int AS count, max(b) AS b FROM t')).rows).toEqual([{ count: 20_000, b: 'row 9999' }]);
  });

  it('a COPY that fails leaves nothing and the connection usable', async () => {
    const client = await connect();
    await expect(copyIn(client, 'COPY t FROM STDIN', Buffer.from('1\tx\nfoo\ty\n'))).rejects.toMatchObject({ code: '22P02' });
    await expect(copyIn(client, 'COPY nowhere FROM STDIN', Buffer.from('1\n'))).rejects.toMatchObject({ code: '42P01' });
    await expect(copyIn(client, 'COPY t FROM STDIN', Buffer.from('1\tx\n1\ty\n'))).rejects.toMatchObject({ code: '23505' });
    expect((await client.query('SELECT count(*)::int AS count FROM t')).rows).toEqual([{ count: 0 }]);
  });

  it('a COPY that its client gives up is rolled back', async () => {
    const client = await rawClient();
    client.send(query('COPY t FROM STDIN'), message('d', '1\tx\n'), sync(), flush(), message('f', 'enough\0'));
    const answer = await client.until('Z');
    expect([typesOf(answer), errorOf(answer)]).toEqual(['GEZ', expect.objectContaining({ code: '57014', message: 'COPY from stdin failed: enough' })]);
    client.send(message('d', 'what is left'), message('c'), query('SELECT count(*) FROM t'));
    expect((await client.until('Z'))[1]?.body.toString('latin1', 6)).toBe('0');
  });

  it('a COPY beside other statements is refused, and fails the transaction it stands in', async () => {
    const client = await connect();
    await client.query('BEGIN');
    await expect(client.query('SELECT 1; COPY t FROM STDIN')).rejects.toMatchObject({
      code: '0A000', message: expect.stringContaining('only statement of a query'),
    });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    const extended = await rawClient();
    extended.send(parse('COPY t FROM STDIN'), bind(), execute(), sync(), message('d', '1\tx\n'), message('c'), sync());
    expect(errorOf(await extended.until('Z')).message).toContain('by simple query only');
    extended.send(query('SELECT 1'));
    expect(typesOf(await extended.until('Z'))).toBe('Z');
    expect(typesOf(await extended.until('Z'))).toBe('TDCZ');
  });

  it('a COPY that the front does not see coming fails instead of ending the process', async () => {
    const client = await connect();
    // With this setting the first string goes on where the front takes it to have ended.
    await client.query('SET standard_conforming_strings = off');
    await expect(client.query("SELECT '\\' AS a; COPY t FROM STDIN; --'")).rejects.toThrow();
    await expect(client.query("SELECT '\\''; COPY t FROM STDIN; --'")).rejects.toMatchObject({ code: expect.stringMatching(/57014|0A000/) });
    expect((await (await connect()).query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  it('a transaction is not mixed with another client, who waits for its end', async () => {
    const [first, second] = [await connect(), await connect()];
    await first.query('BEGIN');
    await first.query("INSERT INTO t VALUES (1, 'first')");
    let answered = false;
    const waiting = second.query('SELECT b FROM t').finally(() => { answered = true; });
    await first.query("INSERT INTO t VALUES (2, 'first')");
    expect(answered).toBe(false);
    await first.query('ROLLBACK');
    expect((await waiting).rows).toEqual([]);
  });

  it('a client that dies within a transaction is rolled back, and the next one goes on', async () => {
    const [first, second] = [await rawClient(), await connect()];
    first.send(query('BEGIN'));
    await first.until('Z');
    first.send(query("INSERT INTO t VALUES (1, 'lost')"));
    await first.until('Z');
    const waiting = second.query('SELECT count(*)::int AS count FROM t');
    first.socket.destroy();
    expect((await waiting).rows).toEqual([{ count: 0 }]);
  });

  it('a client that dies in the middle of a batch or of a COPY leaves nothing behind', async () => {
    const [batch, copy, other] = [await rawClient(), await rawClient(), await connect()];
    batch.send(query('BEGIN'), parse("INSERT INTO t VALUES (1, 'lost')"), bind(), execute(), flush());
    await batch.until('C');
    await batch.until('C');
    batch.socket.destroy();
    copy.send(query('COPY t FROM STDIN'), message('d', '2\tlost\n'));
    await copy.until('G');
    copy.socket.destroy();
    expect((await other.query('SELECT count(*)::int AS count FROM t')).rows).toEqual([{ count: 0 }]);
  });

  it('many clients at once each get their own answers', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => connect()));
    await Promise.all(many.map(async (client, index) => {
      for (let turn = 0; turn < 10; turn++) {
        if (turn % 3 === 0) await client.query('BEGIN; SELECT 1; COMMIT');
        const { rows } = await client.query('SELECT $1::integer AS a', [index * 100 + turn]);
        expect(rows).toEqual([{ a: index * 100 + turn }]);
      }
    }));
  });

  it('settings of one client are not those of another, and come back with their client', async () => {
    const [tokyo, other] = [await connect(), await connect()];
    await tokyo.query("SET timezone TO 'Asia/Tokyo'");
    await tokyo.query("SELECT set_config('datestyle', 'SQL, DMY', false)");
    expect((await other.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'GMT' }]);
    expect((await other.query("SELECT '2024-02-01'::date::text AS date")).rows).toEqual([{ date: '2024-02-01' }]);
    expect((await tokyo.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    expect((await tokyo.query("SELECT '2024-02-01'::date::text AS date")).rows).toEqual([{ date: '01/02/2024' }]);
    expect((await (await connect()).query('SHOW search_path')).rows).toEqual([{ search_path: 'public' }]);
  });

  it('startup parameters and options hold for their client; a wrong one is told', async () => {
    const client = await connect({ options: '-c timezone=Asia/Tokyo --work-mem=1234kB', statement_timeout: 1_000 });
    expect((await client.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '1234kB' }]);
    const wrong = await connect({ options: '-c timezone=Nowhere' });
    await expect(wrong.query('SELECT 1')).rejects.toThrow('invalid value for parameter "TimeZone": "Nowhere"');
    expect((await (await connect()).query('SHOW timezone')).rows).toEqual([{ TimeZone: 'GMT' }]);
  });

  it('what one session for all cannot do is refused with a reason', async () => {
    const client = await connect();
    await expect(client.query('DISCARD ALL')).rejects.toThrow('one session for all clients');
    await expect(client.query("SET client_encoding = 'LATIN1'")).rejects.toThrow('speaks UTF8 only');
    const latin = await RawClient.connect(embedded.url);
    latin.send(startup(196_608, { client_encoding: 'LATIN1' }));
    expect(errorOf(await latin.until('none')).message).toBe('the embedded database speaks UTF8 only, not LATIN1');
  });

  it('TLS is declined, a cancel request ends its connection, a newer protocol is told what there is', async () => {
    const client = await RawClient.connect(embedded.url);
    raw.push(client);
    client.send(request(80_877_103));
    expect(await client.byte()).toBe('N');
    client.send(request(80_877_104));
    expect(await client.byte()).toBe('N');
    client.send(startup(196_610, { user: 'x', '_pq_.new': '1' }));
    const answer = await client.until('Z');
    expect(answer.find(({ type }) => type === 'v')?.body.toString('latin1')).toBe('\0\0\0\0\0\0\0\x01_pq_.new\0');
    const cancel = await RawClient.connect(embedded.url);
    cancel.send(request(80_877_102, Buffer.alloc(8)));
    expect(await cancel.until('Z')).toEqual([]);
  });

  it('what is no message of the protocol ends its connection, and no other', async () => {
    const other = await connect();
    const broken: [Buffer, RegExp][] = [
      [message('z'), /does not know messages of type "z"/],
      [message('F', 'abc'), /does not know messages of type "F"/],
      [Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]), /declares 2147483647 bytes/],
      [Buffer.from([0x51, 0, 0, 0, 3]), /declares 3 bytes/],
      [Buffer.concat([query('COPY t FROM STDIN'), query('SELECT 1')]), /in the middle of a COPY/],
    ];
    for (const [bytes, reason] of broken) {
      const client = await rawClient();
      client.send(bytes);
      const answer = await client.until('none');
      expect(errorOf(answer)).toMatchObject({ severity: 'FATAL', code: '08P01', message: expect.stringMatching(reason) });
    }
    const unstarted = await RawClient.connect(embedded.url);
    unstarted.send(startup(131_072, {}));
    expect(errorOf(await unstarted.until('none')).message).toMatch(/protocol 2 is not supported/);
    expect((await other.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  it('messages may come byte by byte', async () => {
    const client = await rawClient();
    const bytes = Buffer.concat([query('COPY t FROM STDIN'), message('d', '7\tslow\n'), message('c')]);
    for (const byte of bytes) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(typesOf(await client.until('Z'))).toBe('GCZ');
  });

  it('a client that does not read keeps nobody waiting', async () => {
    const [slow, other] = [await rawClient(), await connect()];
    slow.socket.pause();
    slow.send(query("SELECT repeat('x', 1000) FROM generate_series(1, 40000)"));
    expect((await other.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
    slow.socket.resume();
    expect((await slow.until('Z')).filter(({ type }) => type === 'D')).toHaveLength(40_000);
  });

  it('hypertables work from the first statement of a session on', async () => {
    const client = await connect();
    await client.query("DROP TABLE IF EXISTS h; CREATE TABLE h (at timestamptz NOT NULL); SELECT create_hypertable('h', 'at')");
    await client.query("INSERT INTO h VALUES ('2024-01-01'), ('2025-01-01')");
    expect((await client.query("SELECT count(*)::int AS count FROM show_chunks('h')")).rows).toEqual([{ count: 2 }]);
    expect((await client.query('SELECT count(*)::int AS count FROM ONLY h')).rows).toEqual([{ count: 0 }]);
  });

  it.skipIf(!hasPsql)(`psql talks to it${hasPsql ? '' : ' (LEFT OUT: psql is not installed)'}`, () => {
    const psql = (input: string, ...rest: string[]): string => {
      const { stdout, stderr, status } = spawnSync('psql', ['-X', '-v', 'ON_ERROR_STOP=1', embedded.url, '-At', ...rest], { input, encoding: 'utf8' });
      // This build of the server warns of every transaction that is rolled back.
      expect([stderr.replaceAll(/^WARNING: .*aborting transaction \d+\n/gm, ''), status]).toEqual(['', 0]);
      return stdout;
    };
    expect(psql('COPY t FROM STDIN;\n1\tone\n2\ttwo\n\\.\nCOPY t TO STDOUT;\n')).toBe('COPY 2\n1\tone\n2\ttwo\n');
    expect(psql('', '-c', '\\d t')).toContain('a|integer||not null|');
    expect(psql('BEGIN;\nSAVEPOINT x;\nDELETE FROM t;\nROLLBACK TO x;\nCOMMIT;\nSELECT count(*) FROM t;\n')).toMatch(/\n2\n$/);
  });
});
