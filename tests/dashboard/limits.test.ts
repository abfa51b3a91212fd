import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, ensureDashboard, inBrowser, openBrowser, openPage } from '../support/browser.ts';
import { openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

const assets = path.resolve(import.meta.dirname, '../../dist/dashboard/assets');
const kib = (bytes: number): string => `${(bytes / 1_024).toFixed(1)} KiB`;

describe.skipIf(browserPath === null)('the dashboard costs', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;
  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({ symbols: 200 });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  it('less than 400 KiB of compressed script, all of its tabs together', () => {
    const sizes = readdirSync(assets).filter((name) => name.endsWith('.js.br')).map((name) => statSync(path.join(assets, name)).size);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    process.stdout.write(`scripts of the page, compressed: ${kib(total)}, the largest ${kib(Math.max(...sizes))}\n`);
    expect(total).toBeLessThan(400 * 1_024);
  });

  it('no library that is built for development', () => {
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
    expect(scripts.filter((name) => /jsxDEV|react\.development/.test(readFileSync(path.join(assets, name), 'utf8')))).toEqual([]);
  });

  it('nothing from another host, and prints how soon prices stand there', async () => {
    const { page, close } = await openPage(browser);
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    const beganMs = performance.now();
    await page.goto(demo.daemon.url);
    await page.locator('.watch-price').getByText(/\d/).first().waitFor();
    const paint = await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1`);
    process.stdout.write(`first paint after ${Math.round(paint)} ms, first price after ${Math.round(performance.now() - beganMs)} ms\n`);
    expect([...hosts]).toEqual([new URL(demo.daemon.url).host]);
    await close();
  });

  it('prints the processor time that scripts take in a frame, with 200 symbols at 20 Hz', async () => {
    const { page, context, complaints, close } = await openPage(browser);
    await page.addInitScript(`
      globalThis.framesDrawn = 0;
      const count = () => { framesDrawn++; requestAnimationFrame(count); };
      requestAnimationFrame(count);`);
    await page.goto(demo.daemon.url);
    await page.locator('.watch-spark path').nth(20).waitFor({ state: 'attached' });
    const debug = await context.newCDPSession(page);
    // Processor time of the page's thread: others who use the machine do not count.
    await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
    const look = async (): Promise<{ scriptMs: number; frames: number }> => {
      const { metrics } = await debug.send('Performance.getMetrics');
      const seconds = metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? 0;
      return { scriptMs: seconds * 1_000, frames: await page.evaluate<number>('framesDrawn') };
    };
    const timer = setInterval(demo.beat, 50, 1);
    const costs: number[] = [];
    let before = await look();
    for (const wanted of Array.from({ length: 25 }, (_, index) => before.frames + 6 * (index + 1))) {
      await expect.poll(() => page.evaluate<number>('framesDrawn'), { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(wanted);
      const now = await look();
      costs.push((now.scriptMs - before.scriptMs) / Math.max(1, now.frames - before.frames));
      before = now;
    }
    clearInterval(timer);
    costs.sort((one, other) => one - other);
    const at = (share: number): string => costs[Math.floor(costs.length * share)].toFixed(2);
    process.stdout.write(`processor time of scripts a frame, 200 symbols at 20 Hz: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms\n`);
    expect(complaints).toEqual([]);
    await close();
  });
});
