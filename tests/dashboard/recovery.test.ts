import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, ensureDashboard, inBrowser, openBrowser, openPage, screenshot } from '../support/browser.ts';
import { DaemonProcess } from '../support/daemon.ts';

const config = `
sources:
  - { name: demo, type: synthetic, symbols: 1, ticks_per_second: 200, seed: 3 }
bars: { specs: [1s, 1m], out_of_orderness_ms: 500 }
checkpoint: { interval_ms: 500 }
`;

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  return String(typeof bound === 'object' && bound !== null ? bound.port : 0);
}

interface Read {
  /** As the page writes it, in UTC. */
  readonly time: string;
  readonly close: number;
  readonly words: string;
}

/** What the line above the candles says of each bar, from the newest back, by the keyboard. */
async function readBars(page: Page, count: number): Promise<readonly Read[]> {
  const read = new Map<string, Read>();
  await page.keyboard.press('End');
  for (let step = 0; step < count; step++) {
    await page.keyboard.press('ArrowLeft');
    const words = await page.locator('.legend').textContent() ?? '';
    const [, time, close] = / ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d).*?C ([\d.,]+)/.exec(words) ?? [];
    if (time !== undefined) read.set(time, { time, close: Number(close.replaceAll(',', '')), words });
  }
  await page.keyboard.press('Escape');
  return [...read.values()];
}

describe.skipIf(browserPath === null)('the page of a daemon that is killed and comes back', inBrowser, () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'mdp-recovery-'));
  let browser: Browser;
  let daemon: DaemonProcess;
  let port = '';
  const start = (): DaemonProcess => new DaemonProcess({ config, dataDir, environment: { PORT: port } });

  beforeAll(async () => {
    ensureDashboard();
    port = await freePort();
    [browser, daemon] = [await openBrowser(), start()];
    await daemon.ready();
  });
  afterAll(async () => {
    await browser.close();
    await daemon.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('recovers without being loaded again and without a missing bar, and shows the hole in the data with its reason', async () => {
    const { page, close } = await openPage(browser);
    page.setDefaultTimeout(60_000);
    await page.goto(`http://127.0.0.1:${port}/trading/synthetic/SYN001/1s`);
    await page.evaluate('window.isSameWindow = true');
    await expect.poll(async () => (await readBars(page, 8)).filter(({ words }) => words.includes('closed')).length, { timeout: 60_000 })
      .toBeGreaterThan(3);
    daemon.signal('SIGKILL');
    await page.getByText(/^Disconnected since/).waitFor();
    await daemon.stop();
    daemon = start();
    await daemon.ready();
    await page.getByText('live', { exact: true }).waitFor();

    // A few bars behind the hole are closed and stored; then what the page has is compared with what is stored.
    const stored = async (): Promise<readonly { open_time: string; close: number }[]> => {
      const url = `http://127.0.0.1:${port}/api/bars?venue=synthetic&symbol=SYN001&spec=1s&limit=300&order=asc&from=2020-01-01`;
      return (await (await fetch(url)).json() as { bars: { open_time: string; close: number }[] }).bars;
    };
    const before = (await stored()).length;
    await expect.poll(async () => (await stored()).length, { timeout: 60_000 }).toBeGreaterThan(before + 4);
    const kept = await stored();
    const read = new Map((await readBars(page, kept.length + 20)).map((bar) => [bar.time, bar]));
    for (const { open_time, close } of kept) {
      const time = open_time.replace('T', ' ').slice(0, 19);
      expect(read.get(time)?.close, `${time} of ${[...read.keys()].join(', ')}`).toBeCloseTo(close, 2);
    }
    const bars = await readBars(page, kept.length + 20);
    expect(bars.some(({ words }) => /Gap from .*: \S/.test(words))).toBe(true);
    expect(await page.evaluate('window.isSameWindow')).toBe(true);
    await screenshot(page, 'recovered');
    await close();
  });
});
