import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, ensureDashboard, inBrowser, openBrowser, openPage, screenshot } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { openLiveDaemon } from './support/live-daemon.ts';
import type { LiveDaemon } from './support/live-daemon.ts';

interface StoredBar {
  readonly open_time: string;
  readonly open: number;
  readonly close: number;
  readonly trades: number;
  readonly state: string;
}

describe.skipIf(browserPath === null)('bars of a length that nobody stores, in a real browser before a real daemon', inBrowser, () => {
  let browser: Browser;
  let daemon: LiveDaemon;
  const barsOf = async (spec: string): Promise<readonly StoredBar[]> => {
    const response = await fetch(`${daemon.url}/api/bars?venue=synthetic&symbol=SYN001&spec=${spec}&limit=50`);
    return response.ok ? (await response.json() as { readonly bars: readonly StoredBar[] }).bars : [];
  };

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    daemon = await openLiveDaemon({ past: true });
    await eventually(async () => (await barsOf('1s')).length > 12);
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await daemon.close();
  });

  const legend = (page: Page) => page.locator('.legend');

  it('can be chosen like others, and say what they are made of', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/trading/binance/BTCUSDT/1m`);
    await legend(page).getByText('Notional').waitFor();
    const specs = page.getByRole('navigation', { name: 'Length of a bar' });
    expect(await specs.getByRole('link').allTextContents()).toEqual(['1s', '1m', '5m', '15m', '1h', '4h', '1d']);
    expect(await legend(page).textContent()).not.toContain('rolled up');
    await specs.getByRole('link', { name: '15m' }).click();
    await legend(page).getByText('rolled up from 5m').waitFor();
    expect(await specs.getByRole('link', { name: '15m' }).getAttribute('title')).toBe('Not stored: rolled up from 5m');
    await screenshot(page, 'trading-rolled-up');
    await page.goto(`${daemon.url}/history/binance/BTCUSDT/1m`);
    await page.getByRole('button', { name: '4h', exact: true }).click();
    await page.getByText(/rows\. Rolled up from 1h\.$/).waitFor();
    expect(await page.getByRole('button', { name: '4h', exact: true }).getAttribute('aria-pressed')).toBe('true');
    await screenshot(page, 'history-rolled-up');
    await page.goto(`${daemon.url}/trading/synthetic/NOPE/1m`);
    await page.getByText(/^Nothing is stored of NOPE on synthetic\./).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('grow with every trade, and are those of the server when their windows are over', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/trading/synthetic/SYN001/4s`);
    await legend(page).getByText('rolled up from 1s').waitFor();
    await legend(page).getByText('forming').waitFor();
    const before = await legend(page).textContent();
    await expect.poll(() => legend(page).textContent()).not.toBe(before);
    const openedMs = Date.now();
    // Of a window that began when the page was open, from its first trade to its last.
    const isOurs = (bar: StoredBar): boolean => Date.parse(bar.open_time) > openedMs && bar.state === 'closed';
    await eventually(async () => (await barsOf('4s')).some(isOurs));
    const [bar] = (await barsOf('4s')).filter(isOurs).toSorted((one, other) => one.open_time.localeCompare(other.open_time));
    const time = bar.open_time.slice(11, 19);
    await expect.poll(async () => {
      await page.keyboard.press('Escape');
      for (let step = 0; step < 12; step++) {
        await page.keyboard.press('ArrowLeft');
        const words = await legend(page).textContent() ?? '';
        if (words.includes(time)) return words;
      }
      return '';
    }).toMatch(new RegExp(`Trades ${bar.trades}(?!\\d).*closed.*rolled up from 1s`));
    expect(complaints).toEqual([]);
    await close();
  });
});
