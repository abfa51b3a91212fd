import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { openLiveDaemon } from './support/live-daemon.ts';
import type { LiveDaemon } from './support/live-daemon.ts';

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('button') });

interface Written {
  readonly instrument: string;
  readonly size: string;
  readonly entry: string;
  readonly note?: string;
}

async function add(page: Page, { instrument, size, entry, note = '' }: Written): Promise<void> {
  const form = page.getByRole('form', { name: 'A new position' });
  await form.getByLabel('Instrument').fill(instrument);
  await form.getByLabel('Size').fill(size);
  await form.getByLabel('Entry').fill(entry);
  await form.getByLabel('Note').fill(note);
  await form.getByLabel('Note').press('Enter');
}

/** Numbers as they are written on the page; a short has a real minus. */
const numberIn = (text: string): number => Number(text.replaceAll(',', '').replace('−', '-').replace(/[^-\d.]/g, ''));

type Numbers = Readonly<Record<'size' | 'entry' | 'mark' | 'profit' | 'percent', number>>;

/** Cells of one row at one moment. */
async function cells(page: Page, symbol: string): Promise<Numbers> {
  const texts = await rows(page).filter({ hasText: symbol }).first().evaluate((row) => Object.fromEntries(
    ['size', 'entry', 'mark', 'profit', 'percent'].map((name) => (
      [name, row.querySelector(`.position-${name}`)?.textContent ?? ''] as const))));
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, numberIn(text)])) as Numbers;
}

/** Adds three positions where there are less than four, at the last price. */
async function fillUp(page: Page, { url }: LiveDaemon): Promise<void> {
  const answer = await (await fetch(`${url}/api/positions`)).json() as { readonly positions: readonly unknown[] };
  const options = page.locator('datalist option');
  await expect.poll(() => options.count(), patient).toBeGreaterThan(5);
  await expect.poll(() => rows(page).count(), patient).toBe(answer.positions.length);
  if (answer.positions.length >= 4) return;
  for (const [index, size] of ['0.25', '-12', '1500'].entries()) {
    const instrument = await options.nth(index + 3).getAttribute('value') ?? '';
    await page.getByLabel('Instrument').fill(instrument);
    await page.getByRole('button', { name: 'at last' }).click();
    const entry = await page.getByLabel('Entry').inputValue();
    await add(page, { instrument, size, entry, note: index === 1 ? 'hedge of the first one' : '' });
    await expect.poll(() => rows(page).count(), patient).toBe(answer.positions.length + index + 1);
  }
}

/** A machine that does much else at the time is no fault of the page. */
const patient = { timeout: 15_000 };

describe.skipIf(browserPath === null)('the Portfolio tab, in a real browser before a real daemon', inBrowser, () => {
  let browser: Browser;
  let daemon: LiveDaemon;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    daemon = await openLiveDaemon();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await daemon.close();
  });

  it('writes positions down that survive a reload, and marks them with every trade', async () => {
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/portfolio`);
    await page.getByText('No position is written down yet').waitFor();
    await expect.poll(() => page.locator('datalist option').count(), patient).toBeGreaterThan(3);
    const symbols = await page.locator('datalist option')
      .evaluateAll((options) => options.slice(0, 3).map((option) => option.getAttribute('value') ?? ''));
    await add(page, { instrument: symbols[0], size: '2', entry: '90', note: 'a try' });
    await expect.poll(() => rows(page).count(), patient).toBe(1);
    await add(page, { instrument: symbols[1].split(' ')[0], size: '-1.5', entry: '110' });
    await expect.poll(() => rows(page).count(), patient).toBe(2);
    await page.reload();
    await expect.poll(() => rows(page).count(), patient).toBe(2);
    await page.getByRole('link', { name: /Portfolio.*2 open positions/ }).waitFor();
    for (const symbol of symbols.slice(0, 2).map((text) => text.split(' ')[0])) {
      const before = await cells(page, symbol);
      await expect.poll(async () => (await cells(page, symbol)).mark, patient).not.toBe(before.mark);
      const { size, entry, mark, profit, percent } = await cells(page, symbol);
      expect(profit).toBeCloseTo((mark - entry) * size, 1);
      expect(percent).toBeCloseTo((mark - entry) * size / Math.abs(entry * size) * 100, 1);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  it('says what is wrong beside its field, changes a position in its row and asks before it deletes one', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${daemon.url}/portfolio`);
    await rows(page).first().waitFor();
    await add(page, { instrument: 'NOBODY', size: '0', entry: '0,25' });
    await page.getByText('No instrument with bars has this name.').waitFor();
    await page.getByText('Not 0: delete the position instead.').waitFor();
    await page.getByText('Write the price of the entry.').waitFor();
    await rows(page).filter({ hasText: 'a try' }).getByRole('button', { name: /^Edit/ }).click();
    await page.getByRole('form', { name: /^Edit/ }).getByLabel('Size').fill('3');
    await page.keyboard.press('Enter');
    await rows(page).filter({ hasText: '+3' }).waitFor();
    await rows(page).filter({ hasText: '110.00' }).getByRole('button', { name: /^Delete/ }).click();
    expect(await rows(page).count()).toBe(2);
    await page.getByRole('button', { name: /^Really delete/ }).click();
    await expect.poll(() => rows(page).count(), patient).toBe(1);
    await page.getByRole('link', { name: /Portfolio.*1 open position/ }).waitFor();
    await close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`has nothing wrong with it on a ${name} in ${theme}`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        await page.goto(`${daemon.url}/portfolio`);
        await fillUp(page, daemon);
        await expect.poll(() => page.locator('.position-mark.fresh').count(), patient).toBeGreaterThan(2);
        await screenshot(page, `portfolio-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }
});
