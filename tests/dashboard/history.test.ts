import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { openLiveDaemon } from './support/live-daemon.ts';
import type { LiveDaemon } from './support/live-daemon.ts';

const hourMs = 3_600_000;

interface Cell {
  readonly textContent: string;
}

/** Texts of the cells of every row, by the place of the row; scrolls through all of them. */
async function rowsShown(page: Page): Promise<readonly (readonly string[])[]> {
  const found = new Map<number, readonly string[]>();
  const table = page.locator('.history-table');
  const total = Number(await table.getAttribute('aria-rowcount')) - 1;
  for (let top = 0; found.size < total; top += 240) {
    await table.evaluate((element, to) => { element.scrollTop = to; }, top);
    await expect.poll(async () => {
      const seen = await table.locator('.history-row').evaluateAll((elements) => elements.map((row) => ({
        at: Number(row.getAttribute('aria-rowindex')) - 2,
        texts: Array.from(row.querySelectorAll('[role=cell]'), (cell: unknown) => (cell as Cell).textContent),
      })));
      for (const { at, texts } of seen) found.set(at, texts);
      return found.size;
    }, patient).toBeGreaterThan(Math.min(total - 1, top / 24));
  }
  return Array.from({ length: total }, (_, at) => found.get(at)!);
}

async function exported(page: Page): Promise<readonly (readonly string[])[]> {
  const waited = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const download = await waited;
  const text = readFileSync(await download.path(), 'utf8');
  // No field of these is quoted: neither prices nor marks of one kind have commas.
  return text.trimEnd().split('\r\n').map((line) => line.split(','));
}

/** A number with all its digits, as the page writes it with so many; a real minus, thousands separated. */
function asShown(raw: string, shown: string): string {
  if (raw === '') return '–';
  const digits = /\.(\d+)/.exec(shown)?.[1].length ?? 0;
  const format = new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const text = format.format(Math.abs(Number(raw)));
  const sign = shown.startsWith('+') || shown.startsWith('−') ? (Number(raw) < 0 ? '−' : '+') : '';
  return `${sign}${text}`;
}

/** A machine that does much else at the time is no fault of the page. */
const patient = { timeout: 15_000 };

describe.skipIf(browserPath === null)('the History tab, in a real browser before a real daemon', inBrowser, () => {
  let browser: Browser;
  let daemon: LiveDaemon;
  const range = (hours: number): string => {
    const until = Math.floor((Date.now() - hourMs) / hourMs) * hourMs;
    return `from=${new Date(until - hours * hourMs).toISOString()}&until=${new Date(until).toISOString()}`;
  };

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    daemon = await openLiveDaemon({ past: true });
    await eventually(async () => {
      const response = await fetch(`${daemon.url}/api/bars?venue=binance&symbol=ETHUSDT&spec=1h&limit=30`);
      return ((await response.json() as { readonly bars?: readonly unknown[] }).bars?.length ?? 0) > 22;
    });
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await daemon.close();
  });

  it('exports exactly the rows that are shown, in their order', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/history/binance/BTCUSDT/1m?${range(2)}`);
    await page.getByText('120 rows.').waitFor();
    for (const turn of ['newest first', 'oldest first']) {
      const [shown, [heading, ...lines]] = [await rowsShown(page), await exported(page)];
      expect(lines).toHaveLength(120);
      expect(heading.slice(0, 5)).toEqual(['open_time', 'open', 'high', 'low', 'close']);
      expect(lines.map(([time]) => time.replace('T', ' ').slice(0, 19)), turn).toEqual(shown.map(([time]) => time));
      const marks = heading.indexOf('marks');
      for (const [at, line] of lines.entries()) {
        expect(line.slice(1, 6).map((raw, index) => asShown(raw, shown[at][index + 1]))).toEqual(shown[at].slice(1, 6));
        expect(line[marks]).toBe(shown[at][marks]);
      }
      await page.getByRole('button', { name: /^Opened/ }).click();
    }
    expect((await rowsShown(page)).flat()).toContain('revised 1');
    expect(complaints).toEqual([]);
    await close();
  });

  it('makes bars of an interval that is not stored, and says where data is missing and why', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/history/binance/BTCUSDT/1m?${range(3)}`);
    await page.getByText('180 rows.').waitFor();
    await page.getByRole('combobox', { name: 'Bars' }).fill('30m');
    await page.keyboard.press('Enter');
    await page.getByText(/^6 rows\./).waitFor();
    expect(new URL(page.url()).pathname).toBe('/history/binance/BTCUSDT/30m');
    await page.goto(`${daemon.url}/history/synthetic/SYN001/1s`);
    // Outages come every few seconds: what is stored is asked for until there was one.
    await expect.poll(async () => {
      await page.keyboard.press('r');
      return page.getByText(/data is missing until .*: venue-outage/).count();
    }, { ...patient, interval: 500 }).toBeGreaterThan(0);
    await screenshot(page, 'history-gaps');
    expect(complaints).toEqual([]);
    await close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`compares two symbols on a ${name} in ${theme}, and nothing is wrong with it`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        await page.goto(`${daemon.url}/history/binance/BTCUSDT/5m?${range(20)}&venue2=binance&symbol2=ETHUSDT`);
        await page.getByText('240 rows.').waitFor();
        await screenshot(page, `history-${name}-${theme}`);
        await page.getByRole('button', { name: /^Opened/ }).click();
        const oldest = await page.locator('.history-row').first().locator('[role=cell]').allTextContents();
        expect([oldest[2], oldest[7], oldest[11]]).toEqual(['100.00', '100.00', '0.00']);
        await page.getByLabel('Comparison').selectOption('side');
        await expect.poll(() => page.locator('.history-canvas canvas').count(), patient).toBeGreaterThan(8);
        await screenshot(page, `history-side-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }
});
