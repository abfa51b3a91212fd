import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, ensureDashboard, inBrowser, openBrowser, openPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
if (!hasNginx) process.stderr.write('LEFT OUT: the dashboard behind a prefix; nginx is not installed here.\n');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

describe.skipIf(browserPath === null || !hasNginx)('the dashboard behind a prefix that nginx takes off', inBrowser, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-prefix-'));
  let browser: Browser;
  let demo: Demo;
  let nginx: ChildProcess;
  let url = '';

  beforeAll(async () => {
    ensureDashboard();
    [browser, demo] = [await openBrowser(), await openDemo()];
    const port = await freePort();
    url = `http://127.0.0.1:${port}/desk/bars`;
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(file, `
      pid ${folder}/pid; error_log ${folder}/error; worker_processes 1; daemon off;
      events { worker_connections 64; }
      http {
        access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
        uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        server {
          listen 127.0.0.1:${port};
          location /desk/bars/ {
            proxy_pass ${demo.daemon.url}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
          }
        }
      }`);
    nginx = spawn('nginx', ['-c', file, '-p', folder], { stdio: 'ignore' });
    await eventually(async () => (await fetch(`${url}/`).catch(() => null))?.ok === true);
  });
  afterAll(async () => {
    await browser.close();
    const ended = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await ended;
    await demo.close();
    rmSync(folder, { recursive: true });
  });

  it('loads, is live, and keeps the prefix in all its addresses', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${url}/trading/binance/XRPETH/5m`);
    await page.getByText('live', { exact: true }).waitFor();
    await page.locator('.legend').getByText('Notional').waitFor();
    await page.keyboard.press('1');
    await page.locator('.watch-row').first().waitFor();
    expect(new URL(page.url()).pathname).toBe('/desk/bars/');
    await page.getByRole('link', { name: 'Pipeline', exact: true }).click();
    expect(new URL(page.url()).pathname).toBe('/desk/bars/pipeline');
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });
});
