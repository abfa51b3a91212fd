import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPages } from '../../src/server/page-routes.ts';

/** A build as scripts/dashboard/build.ts leaves it, with one file of each kind. */
function writeBuild(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(path.join(folder, 'assets'), { recursive: true });
  const link = '<meta property="csp-nonce" nonce="{{nonce}}"><meta name="mdp-root" content="{{root}}">';
  writeFileSync(path.join(folder, 'index.html'), `${link}<script type="module" src="./assets/index-AbCd_123.js"></script>`);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, 'assets', name);
    writeFileSync(file, text);
    writeFileSync(`${file}.br`, brotliCompressSync(text));
    writeFileSync(`${file}.gz`, gzipSync(text));
  }
}

const script = 'export const answer = 42;'.repeat(50);

describe('the pages', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-pages-'));
  let app: FastifyInstance;
  let unbuilt: FastifyInstance;
  let port = 0;

  beforeAll(async () => {
    writeBuild(folder, { 'index-AbCd_123.js': script, 'licenses.txt': 'MIT' });
    app = fastify({ routerOptions: { ignoreTrailingSlash: true } });
    addPages(app, folder);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const bound = app.server.address();
    port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    unbuilt = fastify();
    addPages(unbuilt, path.join(folder, 'nothing'));
  });
  afterAll(async () => {
    await app.close();
    await unbuilt.close();
    rmSync(folder, { recursive: true });
  });

  /** Without what fetch adds and undoes by itself. */
  function get(target: string, headers: Record<string, string> = {}): Promise<{ status: number; headers: IncomingHttpHeaders; bytes: Buffer }> {
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: target, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) }));
      }).on('error', reject).end();
    });
  }

  it('lets in styles that carry the nonce of the answer, another one each time, and nothing else that is inline', async () => {
    const answers = await Promise.all(['/', '/trading/binance/XRPETH/1m'].map((target) => get(target)));
    const nonces = answers.map(({ headers, bytes }) => {
      const policy = String(headers['content-security-policy']);
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(policy).toMatch(/default-src 'none'.*script-src 'self';.*base-uri 'none'.*style-src 'self' 'nonce-/);
      const nonce = /'nonce-([\w+/=]+)'/.exec(policy)![1];
      expect(bytes.toString()).toContain(`nonce="${nonce}"`);
      return nonce;
    });
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(Buffer.from(nonces[0], 'base64')).toHaveLength(16);
  });

  it.each([
    ['/', './'], ['/trading', './'], ['/trading/', '../'], ['/trading/binance/XRPETH/1m', '../../../'], ['/alerts/a%2Fb?x=/y/z', '../'],
  ])('at %s finds its root at %s', async (target, root) => {
    const { status, bytes, headers } = await get(target);
    expect([status, headers['cache-control']]).toEqual([200, 'no-cache']);
    expect(bytes.toString()).toContain(`src="${root}assets/index-AbCd_123.js"`);
    expect(bytes.toString()).toContain(`name="mdp-root" content="${root}"`);
  });

  it('are compressed as the client takes it, and kept for good where their name says what is in them', async () => {
    const file = '/assets/index-AbCd_123.js';
    const [brotli, gzip, plain, refused] = await Promise.all([
      get(file, { 'accept-encoding': 'gzip, deflate, br' }), get(file, { 'accept-encoding': 'gzip;q=0.5' }), get(file),
      get(file, { 'accept-encoding': 'br;q=0, gzip;q=0.0' }),
    ]);
    expect([brotli, gzip, plain, refused].map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined, undefined]);
    expect(brotliDecompressSync(brotli.bytes).toString()).toBe(script);
    expect(gunzipSync(gzip.bytes).toString()).toBe(script);
    expect([plain.bytes.toString(), refused.bytes.toString()]).toEqual([script, script]);
    expect(brotli.headers).toMatchObject({ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' });
    expect(String(brotli.headers['content-type'])).toMatch(/^text\/javascript/);
    expect((await get('/assets/licenses.txt')).headers['cache-control']).toBe('no-cache');
  });

  it('give no file that is not of the build', async () => {
    for (const target of ['/assets/nothing.js', '/assets/..%2Findex.html', '/assets/index-AbCd_123.js.br', '/assets/', '/tradings', '/index.html']) {
      expect((await get(target)).status, target).toBe(404);
    }
  });

  it('say what to run where nothing has been built, and the status page is there all the same', async () => {
    const start = await unbuilt.inject('/');
    expect(start.body).toContain('./scripts/dev.sh dashboard');
    expect(start.body).toContain('href="./status"');
    expect((await unbuilt.inject('/trading/a/b')).body).toContain('href="../../status"');
    expect((await unbuilt.inject('/status')).body).toContain('src="./page.js"');
    expect((await unbuilt.inject('/assets/x.js')).statusCode).toBe(404);
  });
});
