import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { statusOf } from '../support/pipeline-status.ts';
import { openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

const tabs = ['Dashboard', 'Trading', 'Portfolio', 'Alerts', 'History', 'Volume', 'Pipeline'];

describe.skipIf(browserPath === null)('the shell of the dashboard, in a real browser', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({ answers: { 'api/status': () => ({ version: '1.2.3', configDigest: 'abc', ...statusOf() }) } });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`opens every tab on a ${name} in ${theme} without a complaint`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        await page.goto(demo.daemon.url);
        await page.getByText('live', { exact: true }).waitFor();
        for (const tab of tabs) {
          await page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${tab}`) }).click();
          await expect.poll(() => page.title()).toBe(`${tab} · mdp`);
          await expect.poll(() => page.locator('.tab-skeleton').count()).toBe(0);
        }
        expect(await seriousFaults(page)).toEqual([]);
        await screenshot(page, `shell-${name}-${theme}`);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }

  it('has an address for everything that it shows, and goes back', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/XRPETH/1m`);
    await expect.poll(() => page.title()).toBe('Trading · mdp');
    await page.keyboard.press('7');
    await expect.poll(() => page.title()).toBe('Pipeline · mdp');
    expect(new URL(page.url()).pathname).toBe('/pipeline');
    await page.goBack();
    expect(new URL(page.url()).pathname).toBe('/trading/binance/XRPETH/1m');
    await close();
  });

  it('finds a symbol by its first letters, and lists its keys', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(demo.daemon.url);
    await page.getByText('live', { exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('xrp');
    await page.getByRole('option', { name: /XRPETH/ }).waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/trading/binance/XRPETH/1m');
    await page.keyboard.press('?');
    await page.getByText('Find a symbol', { exact: true }).first().waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await close();
  });

  it('keeps the theme that was chosen', async () => {
    const { page, close } = await openPage(browser, { theme: 'dark' });
    await page.goto(demo.daemon.url);
    await page.getByRole('button', { name: 'Theme, colours and time zone' }).click();
    await page.getByRole('button', { name: 'Light' }).click();
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    await expect.poll(ground).toBe('rgb(243, 245, 247)');
    await page.reload();
    await expect.poll(ground).toBe('rgb(243, 245, 247)');
    await close();
  });
});
