import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamHealth } from '../../src/model/stream.ts';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { healthy, openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

const cell = (page: Page, symbol: string, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: symbol, exact: true }) }).locator(name);

describe.skipIf(browserPath === null)('the Dashboard tab, in a real browser', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;
  let health: StreamHealth = healthy;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({ symbols: 200, health: () => health });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`shows live prices on a ${name} in ${theme}, and nothing is wrong with it`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        const stop = demo.run(50);
        await page.goto(demo.daemon.url);
        await cell(page, 'BTCUSDT', '.watch-price').getByText(/^6\d,\d{3}\.\d{2}$/).waitFor();
        await page.locator('.watch-spark path').first().waitFor({ state: 'attached' });
        const before = await cell(page, 'BTCUSDT', '.watch-price').textContent();
        await expect.poll(() => cell(page, 'BTCUSDT', '.watch-price').textContent()).not.toBe(before);
        stop();
        await screenshot(page, `dashboard-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }

  it('fits a desktop without scrolling, and keeps no more rows than can be seen', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    await page.getByRole('link', { name: 'BTCUSDT' }).first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollHeight <= innerHeight')).toBe(true);
    expect(await page.evaluate('document.getElementById("main").scrollHeight <= document.getElementById("main").clientHeight')).toBe(true);
    expect(await page.locator('.watch-row').count()).toBeLessThan(60);
    await page.locator('.watch-rows').evaluate((element) => { element.scrollTop = 1e6; });
    await page.getByRole('rowgroup', { name: 'Instruments' }).getByRole('link', { name: 'SYM199' }).waitFor();
    await close();
  });

  it('says with an arrow and a sign where a price has gone, and how old it is', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    await page.getByRole('link', { name: 'BTCUSDT' }).first().waitFor();
    const nowMs = Date.now();
    demo.daemon.tellAll(() => ({
      quotes: [
        { venue: 'binance', symbol: 'BTCUSDT', price: 66_000.25, previous_close: 60_000, event_ms: nowMs, received_ms: nowMs },
        { venue: 'binance', symbol: 'ETHUSDT', price: 2_970, previous_close: 3_000, event_ms: nowMs, received_ms: nowMs - 120_000 },
      ],
    }));
    const row = (symbol: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name: symbol, exact: true }) });
    await row('BTCUSDT').getByText('66,000.25').waitFor();
    expect(await row('BTCUSDT').textContent()).toMatch(/\+6,000\.25.*▲.*\+10\.00/);
    expect(await row('ETHUSDT').textContent()).toMatch(/−30\.00.*▼.*−1\.00.*2 min/);
    expect(await cell(page, 'ETHUSDT', '.watch-price').getAttribute('class')).toContain('stale');
    await close();
  });

  it('says in words what is wrong with the pipeline', async () => {
    health = {
      ...healthy, status: 'unhealthy', ticks_imbalance: 12, sink_queue: { depth: 190, capacity: 200, dropped: 0 },
      problems: [{ part: 'sink', status: 'unhealthy', message: 'The database has not answered for 12 s. Bars wait, nothing is lost.' }],
    };
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    await page.getByText('The database has not answered for 12 s. Bars wait, nothing is lost.').waitFor();
    await page.getByText('off by 12').waitFor();
    await screenshot(page, 'dashboard-unhealthy');
    health = healthy;
    await close();
  });

  it('does not say that all is well while nobody answers', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    const verdict = page.locator('.strip-verdict');
    await verdict.getByText('Every part does its work.').waitFor();
    demo.daemon.isAway = true;
    demo.daemon.cut();
    await verdict.getByText('not known').waitFor();
    expect(await verdict.textContent()).toMatch(/It was healthy at \d\d:\d\d:\d\d; what is shown is of then\.$/);
    await screenshot(page, 'dashboard-disconnected');
    demo.daemon.isAway = false;
    await verdict.getByText('Every part does its work.').waitFor();
    await close();
  });

  it('pins an instrument to the top, also after the page was loaded again', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    await page.getByRole('searchbox', { name: 'Filter the watchlist' }).fill('SYM150');
    await page.getByRole('button', { name: 'Pin SYM150' }).click();
    await page.reload();
    await page.locator('.watch-row').first().waitFor();
    expect(await page.locator('.watch-row').first().textContent()).toContain('SYM150');
    await close();
  });
});
