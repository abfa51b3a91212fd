import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, ensureDashboard, inBrowser, openBrowser, openPage, seriousFaults } from '../support/browser.ts';
import { openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

describe.skipIf(browserPath === null)('the dashboard of a server that asks for a key', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;
  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({ key: 'the-right-one' });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  it('asks for it, says when it was wrong, keeps it in the window alone and never in an address', async () => {
    const { page, context, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/XRPETH/1m`);
    const field = page.getByRole('textbox', { name: 'API key' });
    await field.fill('a-wrong-one');
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('The key that was sent is not right.').waitFor();
    await field.fill('the-right-one');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('live', { exact: true }).waitFor();
    await page.locator('.legend').getByText('Notional').waitFor();
    expect(await page.evaluate('JSON.stringify(localStorage) + document.cookie')).not.toContain('right-one');
    expect(demo.daemon.asked.filter((url) => url.includes('right-one'))).toEqual([]);
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    const other = await context.newPage();
    await other.goto(demo.daemon.url);
    await other.getByRole('textbox', { name: 'API key' }).waitFor();
    await close();
  });
});
