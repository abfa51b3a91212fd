import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedDatabase } from '../../src/embedded/database.ts';
import { SharedSession } from '../../src/embedded/shared-session.ts';
import { listen, type WireFront } from '../../src/embedded/wire-front.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { RawClient, errorOf, message, parse, query, typesOf } from './raw-client.ts';

const bytesMax = 64 * 1024;

describe('the limits of the embedded TimescaleDB', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mdp-embedded-'));
  const clock = new VirtualClock();
  const clients: RawClient[] = [];
  let database: EmbeddedDatabase;
  let front: WireFront;
  let url: string;

  beforeAll(async () => {
    database = await EmbeddedDatabase.open(directory, bytesMax);
    front = await listen(0, { batchBytesMax: bytesMax, idleInTransactionMsMax: 30_000, clock });
    front.serve(new SharedSession(database), (error) => { throw error; });
    url = `postgresql://127.0.0.1:${front.port}/mdp`;
    const client = await start();
    await ask(client, 'CREATE TABLE t (a integer, b text)');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.socket.destroy();
  });
  afterAll(async () => {
    await front.close();
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<RawClient> {
    const client = await RawClient.start(url);
    clients.push(client);
    return client;
  }

  async function ask(client: RawClient, sql: string): Promise<string> {
    client.send(query(sql));
    const answer = await client.until('Z');
    return answer.find(({ type }) => type === 'D')?.body.toString('latin1', 6) ?? errorOf(answer).code;
  }

  it('a COPY of more than fits is rolled back with a reason, and its data is not kept', async () => {
    const client = await start();
    const row = `1\t${'x'.repeat(1_000)}\n`;
    client.send(query('COPY t FROM STDIN'), ...Array.from({ length: 100 }, () => message('d', row)), message('c'));
    const answer = await client.until('Z');
    expect(typesOf(answer)).toBe('GEZ');
    expect(errorOf(answer)).toMatchObject({ code: '57014', message: expect.stringContaining('more than 0.0625 MiB in one COPY') });
    client.send(query('COPY t FROM STDIN'), ...Array.from({ length: 50 }, () => message('d', row)), message('c'));
    expect(typesOf(await client.until('Z'))).toBe('GCZ');
    expect(await ask(client, 'SELECT count(*) FROM t')).toBe('50');
  });

  it('messages without a Sync are taken up to the limit', async () => {
    const client = await start();
    client.send(...Array.from({ length: 70 }, () => parse(`SELECT '${'x'.repeat(1_000)}'`)));
    expect(errorOf(await client.until('none'))).toMatchObject({ code: '08P01', message: expect.stringContaining('without a Sync') });
  });

  it('an answer that is too large becomes an error, and the next one is right', async () => {
    const client = await start();
    expect(await ask(client, "SELECT repeat('x', 1000) FROM generate_series(1, 100)")).toBe('54000');
    expect(await ask(client, "SELECT length(repeat('x', 1000))")).toBe('1000');
  });

  it('a client that stands still in a transaction is sent away, and rolled back', async () => {
    const [idle, waiting] = [await start(), await start()];
    await ask(idle, 'BEGIN');
    await ask(idle, "INSERT INTO t VALUES (99, 'idle')");
    waiting.send(query('SELECT count(*) FROM t WHERE a = 99'));
    await clock.advance(29_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    expect(errorOf(await idle.until('none'))).toMatchObject({ severity: 'FATAL', code: '25P03' });
    expect((await waiting.until('Z'))[1]?.body.toString('latin1', 6)).toBe('0');
  });

  it('a client that goes on in its transaction is left alone', async () => {
    const client = await start();
    await ask(client, 'BEGIN');
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(20_000);
      expect(await ask(client, 'SELECT 1')).toBe('1');
    }
    await ask(client, 'COMMIT');
    await clock.advance(60_000);
    expect(await ask(client, 'SELECT 1')).toBe('1');
  });

  it('takes 64 clients and tells the next one', async () => {
    const many = await Promise.all(Array.from({ length: 64 }, () => start()));
    expect(front.clients).toBe(64);
    const refused = await RawClient.connect(url);
    expect(errorOf(await refused.until('none'))).toMatchObject({ code: '53300' });
    expect(await ask(many[63], 'SELECT 1')).toBe('1');
  });
});
