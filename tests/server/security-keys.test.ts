import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiKeys, makeKey, readEveryMs } from '../../src/server/api-keys.ts';
import { exposureFault } from '../../src/server/security.ts';
import { defaultServerSettings, openTestServer, type TestServer } from '../support/http-server.ts';
import { eventually } from '../support/eventually.ts';
import { Program } from '../support/program.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const desk = makeKey('desk');
const research = makeKey('research');

describe('keys of a file', () => {
  let folder = '';
  let file = '';
  let clock: VirtualClock;
  const opened: TestServer[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-keys-'));
    file = path.join(folder, 'api_keys');
    clock = new VirtualClock();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((server) => server.close()));
    rmSync(folder, { recursive: true });
  });

  /** As a Secret is changed: another file takes the place of the one before. */
  function write(...lines: readonly string[]): void {
    writeFileSync(`${file}.new`, `${lines.join('\n')}\n`);
    renameSync(`${file}.new`, file);
  }

  async function open(settings: { api_key?: string } = {}): Promise<TestServer> {
    const server = await openTestServer({ settings: { ...settings, api_keys_file: file }, clock });
    opened.push(server);
    return server;
  }

  const statusWith = async (server: TestServer, key: string): Promise<number> =>
    (await server.get('/api/status', { 'x-api-key': key })).status;

  /** Lets the time pass after which a change counts, and waits until the file has been told of. */
  async function told(server: TestServer, times: number): Promise<void> {
    await eventually(async () => {
      await clock.advance(readEveryMs);
      return server.keysTold.length >= times;
    });
  }

  it('each let their holder in, and nobody without one', async () => {
    write('# who may ask', desk.line, '', research.line);
    const server = await open();
    for (const { key } of [desk, research]) expect(await statusWith(server, key)).toBe(200);
    for (const wrong of ['', desk.line, desk.line.split(':')[1], `${desk.key}x`, makeKey('desk').key]) {
      expect(await statusWith(server, wrong), wrong).toBe(401);
    }
    expect((await server.get('/api/status')).status).toBe(401);
    expect(server.keysTold).toEqual([{ file, names: ['desk', 'research'] }]);
  });

  it('stand beside the one of server.api_key', async () => {
    write(desk.line);
    const server = await open({ api_key: 'a-key-of-its-own' });
    expect(await statusWith(server, 'a-key-of-its-own')).toBe(200);
    expect(await statusWith(server, desk.key)).toBe(200);
  });

  it('come and go without a restart', async () => {
    write(desk.line);
    const server = await open();
    expect(await statusWith(server, research.key)).toBe(401);
    write(research.line);
    await told(server, 2);
    expect(await statusWith(server, research.key)).toBe(200);
    expect(await statusWith(server, desk.key)).toBe(401);
    expect(server.keysTold.at(-1)).toEqual({ file, names: ['research'] });
  });

  it.each([
    ['a line that is none', () => write(desk.line, 'research:plain-text-key')],
    ['a key in place of its digest', () => write(`research:${research.key}`)],
    ['no key', () => write('# nobody')],
    ['nothing', () => writeFileSync(file, '')],
    ['the same name twice', () => write(desk.line, makeKey('desk').line)],
    ['too much', () => write('#'.repeat(70_000), desk.line)],
    ['too many', () => write(...Array.from({ length: 201 }, (_, index) => makeKey(`key-${index}`).line))],
    ['no file at all', () => rmSync(file)],
  ])('stay as they were when the file holds %s, which is told once and quotes nothing', async (_what, spoil) => {
    write(desk.line);
    const server = await open();
    spoil();
    await told(server, 2);
    for (let round = 0; round < 3; round++) await clock.advance(readEveryMs);
    expect(await statusWith(server, desk.key)).toBe(200);
    expect(await statusWith(server, research.key)).toBe(401);
    const [, kept, ...more] = server.keysTold;
    expect(more).toEqual([]);
    expect(kept).toMatchObject({ file, problem: expect.stringMatching(/\.$/) as unknown });
    for (const text of ['plain-text-key', research.key]) expect(JSON.stringify(kept)).not.toContain(text);
    write(research.line);
    await told(server, 3);
    expect(await statusWith(server, research.key)).toBe(200);
  });

  it('that cannot be used at the start keep the server shut, with what to do', async () => {
    const refusal = { code: 'server-failed', message: expect.stringMatching(/api_keys.*mdp api-key NAME/) as unknown };
    await expect(openTestServer({ settings: { api_keys_file: file } })).rejects.toMatchObject(refusal);
    write(`desk:${desk.key}`);
    await expect(openTestServer({ settings: { api_keys_file: file } })).rejects.toMatchObject(refusal);
    await expect(openTestServer({ settings: { api_keys_file: file } })).rejects.not.toThrow(desk.key);
  });

  it('count where other machines can reach the address', () => {
    expect(exposureFault({ ...defaultServerSettings, host: '0.0.0.0', api_keys_file: file })).toBeNull();
  });

  it('are named, and not shown, with every call that wants something changed', async () => {
    write(desk.line);
    const server = await open();
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH']) {
      await fetch(`${server.url}/api/bars?token=${desk.key}`, { method, headers: { 'x-api-key': desk.key } });
    }
    await eventually(() => server.changes.length === 4);
    expect(server.changes.map(({ key, address, method, path: called, status }) => [key, address, method, called, status])).toEqual(
      ['POST', 'DELETE', 'PUT', 'PATCH'].map((method) => ['desk', '127.0.0.1', method, '/api/bars', 404]));
    await server.get('/api/status', { 'x-api-key': desk.key });
    await server.get('/api/status');
    expect(server.refused).toMatchObject([{ key: null, address: '127.0.0.1', method: 'GET', path: '/api/status', status: 401 }]);
    expect(server.changes).toHaveLength(4);
    expect(JSON.stringify([server.changes, server.refused])).not.toContain(desk.key);
  });

  it('that a folder hides from the user of the program are a fault and no open door', async () => {
    if (process.getuid?.() === 0) return; // Nothing is hidden from root.
    write(desk.line);
    chmodSync(file, 0);
    await expect(openTestServer({ settings: { api_keys_file: file } })).rejects.toMatchObject({ code: 'server-failed' });
  });
});

describe('a key', () => {
  const quiet = { keysRead: () => {}, keysKept: () => {} };

  it('is made of 256 random bits, with a line that is no key', () => {
    expect(desk.key).toMatch(/^mdp_[\w-]{43}$/);
    expect(desk.line).toMatch(/^desk:[0-9a-f]{64}$/);
    expect(new Set(Array.from({ length: 100 }, () => makeKey('x').key)).size).toBe(100);
  });

  it.each(['', 'a b', 'a:b', 'a\nb', 'ä', '-a', 'api_key', 'x'.repeat(64)])('is not made for the name "%s"', (name) => {
    expect(() => makeKey(name)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
  });

  it('is printed by mdp api-key, once, apart from the line that admits it', async () => {
    const { code, out, error } = await new Program(['api-key', 'desk']).ended();
    const line = error.split('\n').find((text) => text.startsWith('desk:'));
    const digest = createHash('sha256').update(out.trimEnd()).digest('hex');
    expect([code, line]).toEqual([0, `desk:${digest}`]);
    expect(error).not.toContain(out.trimEnd());
    expect((await new Program(['api-key', 'a b']).ended()).code).toBe(2);
  });

  it('is compared as a digest: of any length and alphabet, without an exception', async () => {
    const keys = await ApiKeys.open({ ...defaultServerSettings, api_key: 'schlüssel' }, quiet);
    expect(keys.nameOf({ 'x-api-key': 'schlüssel' })).toBe('api_key');
    expect(keys.nameOf({ authorization: 'Bearer schlüssel' })).toBe('api_key');
    for (const sent of ['', 's', 'schlüsse', 'x'.repeat(10_000), 'schlu\u0308ssel', '\0']) {
      expect(keys.nameOf({ 'x-api-key': sent })).toBeNull();
    }
    for (const sent of [undefined, ['schlüssel'], 7, {}]) expect(keys.nameOf({ 'x-api-key': sent })).toBeNull();
  });

  it('is asked for by nobody where there is none', async () => {
    for (const api_key of [null, '']) {
      const keys = await ApiKeys.open({ ...defaultServerSettings, api_key }, quiet);
      expect(keys.areAskedFor).toBe(false);
    }
  });
});
