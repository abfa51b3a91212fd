import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { openLiveDaemon, tape } from './support/live-daemon.ts';
import type { LiveDaemon } from './support/live-daemon.ts';

/** Stands in for the browser's own window of notifications, which no test can see. */
const hearCalls = `
  window.heard = [];
  window.Notification = class extends EventTarget {
    static permission = 'default';
    static requestPermission() { this.permission = 'granted'; return Promise.resolve('granted'); }
    constructor(title, { tag }) { super(); window.heard.push({ title, tag }); }
    close() {}
  };
  const make = AudioContext.prototype.createOscillator;
  window.notes = 0;
  AudioContext.prototype.createOscillator = function () { window.notes++; return make.call(this); };
`;

interface Heard {
  readonly title: string;
  readonly tag: string;
}

const heardOf = (page: Page): Promise<readonly Heard[]> => page.evaluate<readonly Heard[]>('heard');

async function fillRule(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  const dialog = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields)) {
    const field = dialog.getByLabel(label);
    if (await field.evaluate((element) => element.tagName) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
}

async function writeRule({ url }: LiveDaemon, terms: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(`${url}/api/alerts`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ venue: tape.venue, symbol: tape.symbol, spec: '1s', condition: 'price_above', ...terms }),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function rulesOf({ url }: LiveDaemon): Promise<readonly unknown[]> {
  return (await (await fetch(`${url}/api/alerts`)).json() as { readonly rules: readonly unknown[] }).rules;
}

/** One of each kind and state. */
async function writeSomeRules(daemon: LiveDaemon): Promise<void> {
  const made = { venue: 'synthetic', symbol: 'SYN003' };
  await writeRule(daemon, { condition: 'volume_above', threshold: 4.5, note: 'busy' });
  await writeRule(daemon, { ...made, condition: 'crosses_indicator', indicator: 'sma(5)' });
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  await writeRule(daemon, { ...made, symbol: 'SYN001', threshold: 1e6, spec: '1m', expires_at: tomorrow });
  await writeRule(daemon, { condition: 'price_below', threshold: 90, expires_at: '2026-01-05' });
  await writeRule(daemon, {
    ...made, symbol: 'SYN002', condition: 'price_below', threshold: 0.01, spec: '5m', muted: true,
    note: 'wake nobody before the close of New York',
  });
}

/** A machine that does much else at the time is no fault of the page. */
const patient = { timeout: 15_000 };
/** Several turns of the tape. */
const slow = { timeout: 180_000 };

describe.skipIf(browserPath === null)('the Alerts tab, in a real browser before a real daemon', inBrowser, () => {
  let browser: Browser;
  let daemon: LiveDaemon;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    daemon = await openLiveDaemon({ tape: true });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await daemon.close();
  });

  it('takes an alert from its creation to a notification and to its withdrawal by a late trade', slow, async () => {
    const { page, context, complaints, close } = await openPage(browser);
    await context.addInitScript(hearCalls);
    await page.goto(`${daemon.url}/alerts`);
    await page.getByText('No alert waits for anything yet').waitFor();
    await page.getByRole('switch', { name: /Notifications/ }).click();
    await page.getByRole('switch', { name: /Sound/ }).click();
    await page.keyboard.press('n');
    const instrument = `${tape.symbol} · ${tape.venue}`;
    await page.locator(`datalist option[value="${instrument}"]`).waitFor({ state: 'attached' });
    await fillRule(page, { Instrument: instrument, Bars: '1s', When: 'price_above', Price: String(tape.level) });
    await page.getByRole('button', { name: 'Create' }).click();
    const row = page.getByRole('row').filter({ hasText: tape.symbol });
    await row.getByText('Price above 105.00').waitFor();
    await page.keyboard.press('5');
    await expect.poll(async () => (await heardOf(page)).map(({ title }) => title), { timeout: 40_000 })
      .toContainEqual(`Alert: price of ${tape.symbol} above 105 (1s)`);
    await page.getByRole('link', { name: /Alerts.*\d new alert/ }).waitFor();
    await expect.poll(async () => (await heardOf(page)).map(({ title }) => title), { timeout: 40_000 })
      .toContainEqual(`Withdrawn: price of ${tape.symbol} above 105 (1s)`);
    const heard = await heardOf(page);
    const withdrawn = heard.find(({ title }) => title.startsWith('Withdrawn'))!;
    // The browser puts it in the place of what it withdraws.
    expect(heard.filter(({ title }) => title.startsWith('Alert')).map(({ tag }) => tag)).toContain(withdrawn.tag);
    expect(await page.evaluate<number>('notes')).toBeGreaterThanOrEqual(4);
    await page.keyboard.press('4');
    await page.getByRole('list', { name: 'What alerts came to' }).getByText('withdrawn').first().waitFor();
    await screenshot(page, 'alerts-withdrawn');
    await expect.poll(() => page.getByRole('link', { name: /^Alerts/ }).textContent(), patient).toBe('Alerts');
    expect(complaints).toEqual([]);
    await close();
  });

  it('says what is wrong beside its field, in the words of the server too', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${daemon.url}/alerts`);
    await page.getByRole('button', { name: 'New alert' }).click();
    await fillRule(page, { Instrument: 'NOBODY', Price: 'much', Until: 'tomorrow' });
    await page.getByRole('button', { name: 'Create' }).click();
    const faults = ['No instrument with bars has this name.', /^Write a number/, /^Write it as/];
    for (const words of faults) await page.getByText(words).waitFor();
    const instrument = `${tape.symbol} · ${tape.venue}`;
    await fillRule(page, { Instrument: instrument, Bars: '1s', When: 'crosses_indicator', Until: '' });
    await fillRule(page, { Line: 'sma(99)' });
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('indicator: write a line that is computed on bars of 1s: sma(5).').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count(), patient).toBe(0);
    await close();
  });

  it('mutes a rule, changes it and deletes it after asking once more', async () => {
    await writeRule(daemon, { threshold: 500, note: 'far away' });
    const { page, complaints, close } = await openPage(browser);
    await page.goto(`${daemon.url}/alerts`);
    const row = page.getByRole('row').filter({ hasText: 'far away' });
    await row.getByRole('button', { name: /^Mute/ }).click();
    await row.getByText('Muted').waitFor();
    await row.getByRole('button', { name: /^Edit/ }).click();
    await fillRule(page, { Price: '600' });
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Price above 600.00').waitFor();
    await row.getByRole('button', { name: /^Delete/ }).click();
    await row.getByRole('button', { name: /^Really delete/ }).click();
    await expect.poll(() => row.count(), patient).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`has nothing wrong with it on a ${name} in ${theme}`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        if ((await rulesOf(daemon)).length < 6) await writeSomeRules(daemon);
        await page.goto(`${daemon.url}/alerts`);
        await expect.poll(() => page.locator('.rule-row').count(), patient).toBeGreaterThan(5);
        await page.locator('.rule-price').getByText(/\d/).first().waitFor();
        await screenshot(page, `alerts-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        await page.getByRole('button', { name: 'New alert' }).click();
        await page.getByRole('dialog').waitFor();
        expect(await seriousFaults(page)).toEqual([]);
        await screenshot(page, `alerts-form-${name}-${theme}`);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }
});
