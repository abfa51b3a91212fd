import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laneStatusOf, noTicks, sourceOf, statusOf } from '../support/pipeline-status.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer } from '../support/http-server.ts';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0);
if (browser === undefined) process.stderr.write('LEFT OUT: the pages in a real browser; Chromium is not installed here.\n');

interface Page {
  readonly dom: string;
  /** What the page or the browser complained about. */
  readonly complaints: readonly string[];
}

/** Loads a page, lets its scripts run for a while of virtual time, and takes what it has become. */
async function load(url: string): Promise<Page> {
  const profile = mkdtempSync(path.join(tmpdir(), 'mdp-browser-'));
  try {
    const child = spawn(browser!, [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`, '--enable-logging=stderr',
      '--virtual-time-budget=5000', '--dump-dom', url,
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, log] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    return { dom: out, complaints: log.split('\n').filter((line) => line.includes('CONSOLE')) };
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
}

describe.skipIf(browser === undefined)('in a real browser, under the policy that is sent', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ settings: { api_key: 'a-key' } });
    server.status = statusOf({
      ticks: { ...noTicks, received: 1_234_567, aggregated: 1_234_000, late: 12, duplicate: 500, inFlight: 55 },
      lanes: [laneStatusOf({ barsOut: 88_212 })],
      sources: [sourceOf({ name: '<script>alert(1)</script>', state: 'backing-off', problem: 'Lost & <b>gone</b>.' })],
    });
  });
  afterAll(() => server.close());

  it('the status page shows health and numbers without a key, and names are no HTML', async () => {
    const { dom, complaints } = await load(`${server.url}/status`);
    expect(complaints).toEqual([]);
    expect(dom).toMatch(/▲ degraded: 1 of \d+ parts/);
    expect(dom).toMatch(/ticks received<\/th><td[^>]*>1,234,567</);
    expect(dom).toMatch(/bars made<\/th><td[^>]*>88,212</);
    expect(dom).toMatch(/late<\/th><td[^>]*>12</);
    expect(dom).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(dom).toContain('Lost &amp; &lt;b&gt;gone&lt;/b&gt;.');
  });

  it('/docs shows every operation', async () => {
    const { dom, complaints } = await load(`${server.url}/docs`);
    expect(complaints).toEqual([]);
    for (const operation of ['/health', '/metrics', '/api/status', '/api/bars', '/api/symbols', '/api/gaps']) {
      expect(dom).toContain(`data-path="${operation}"`);
    }
  });
});

describe('the status page', () => {
  it('loads nothing from elsewhere', async () => {
    const server = await openTestServer();
    try {
      for (const file of ['/status', '/page.css', '/page.js']) {
        expect(await (await server.get(file)).text()).not.toMatch(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]/i);
      }
    } finally {
      await server.close();
    }
  });
});
