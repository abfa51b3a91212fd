import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, desktop, ensureDashboard, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
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

describe.skipIf(browserPath === null)('the Alerts tab, in a real browser before a real daemon', () => {
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

  it('takes an alert from its creation to a notification and to its withdrawal by a late trade', async () => {
    const { page, context, complaints, close } = await openPage(browser);
    await context.addInitScript(hearCalls);
    await page.goto(`${daemon.url}/alerts`);
    await page.getByText('No alert waits for anything yet').waitFor();
    await page.getByRole('switch', { name: /Notifications/ }).click();
    await page.getByRole('switch', { name: /Sound/ }).click();
    await page.keyboard.press('n');
    await fillRule(page, { Instrument: `${tape.symbol} · ${tape.venue}`, Bars: '1s', When: 'price_above', Price: String(tape.level) });
    await page.getByRole('button', { name: 'Create' }).click();
    const row = page.getByRole('row').filter({ hasText: tape.symbol });
    await row.getByText('Active').waitFor();
    await page.keyboard.press('5');
    await expect.poll(async () => (await heardOf(page)).map(({ title }) => title), { timeout: 15_000 })
      .toContainEqual(`Alert: price of ${tape.symbol} above 105 (1s)`);
    await page.getByRole('link', { name: /Alerts.*\d new alert/ }).waitFor();
    await expect.poll(async () => (await heardOf(page)).map(({ title }) => title), { timeout: 15_000 })
      .toContainEqual(`Withdrawn: price of ${tape.symbol} above 105 (1s)`);
    const [triggered, withdrawn] = await heardOf(page);
    expect(withdrawn.tag).toBe(triggered.tag);
    expect(await page.evaluate<number>('notes')).toBeGreaterThanOrEqual(4);
    await page.keyboard.press('4');
    await page.getByRole('list', { name: 'What alerts came to' }).getByText('withdrawn').first().waitFor();
    await screenshot(page, 'alerts-withdrawn');
    await expect.poll(() => page.getByRole('link', { name: /^Alerts/ }).textContent()).toBe('Alerts');
    expect(complaints).toEqual([]);
    await close();
  });
});
