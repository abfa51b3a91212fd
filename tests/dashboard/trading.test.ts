import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamBar } from '../../src/model/stream.ts';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { barPage, openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';

const minuteMs = 60_000;
const thisMinute = () => Math.floor(Date.now() / minuteMs) * minuteMs;
const iso = (ms: number): string => new Date(ms).toISOString();

interface Marked { open_time: string; state: string; quality: string; revision: number }

/** Stored bars with one of each mark among the newest, and a hole of eight minutes. */
function markedPage(page: { bars: Marked[] }): object {
  const age = (bar: Marked): number => Math.round((thisMinute() - Date.parse(bar.open_time)) / minuteMs);
  const bars = page.bars.filter((bar) => age(bar) < 12 || age(bar) > 19).map((bar) => ({
    ...bar,
    state: age(bar) <= 1 ? 'provisional' : 'closed',
    quality: age(bar) === 6 ? 'partial' : age(bar) === 20 || age(bar) === 11 ? 'gap' : 'complete',
    revision: age(bar) === 4 ? 3 : age(bar) === 30 ? 12 : 0,
  }));
  return { ...page, bars };
}

const wave = (query: URLSearchParams, scale: (index: number) => number): object => {
  const from = Math.max(Date.parse(query.get('from')!), thisMinute() - 700 * minuteMs);
  const values = [];
  for (let openMs = Math.ceil(from / minuteMs) * minuteMs; openMs < thisMinute(); openMs += minuteMs) {
    values.push({ open_time: iso(openMs), bar_index: 0, value: scale(openMs / minuteMs), quality: 'complete', state: 'closed', revision: 0 });
  }
  return { values, next: null };
};

/** Arrow by arrow, as far as the marks of `markedPage` reach. */
async function stepBackTo(page: Page, words: RegExp): Promise<void> {
  for (let step = 0; step < 15; step++) {
    await page.keyboard.press('ArrowLeft');
    if (words.test(await page.locator('.legend').textContent() ?? '')) return;
  }
  throw new Error(`No bar of the last 15 says ${String(words)}: ${await page.locator('.legend').textContent()}`);
}

describe.skipIf(browserPath === null)('the Trading tab, in a real browser', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({
      answers: {
        'api/bars': (query) => {
          const page = barPage(demo.market, query) as { bars: Marked[] };
          return query.get('spec') === '1m' ? markedPage(page) : page;
        },
        'api/gaps': () => ({
          gaps: [{
            lane: 'l', venue: 'binance', symbol: '', spec: '', from_time: iso(thisMinute() - 20 * minuteMs + 20_000),
            until_time: iso(thisMinute() - 11 * minuteMs + 12_000), reason: 'disconnect', ticks_lost: 0,
          }],
        }),
        'api/indicators': (query) => {
          const start = 64_210;
          const waves: Readonly<Record<string, (index: number) => number>> = {
            'rsi(14)': (index) => 50 + 28 * Math.sin(index / 13),
            'sma(20)': (index) => start * (1 + 0.02 * Math.sin((index - 10) / 17)),
            'vwap()': (index) => start * (1 + 0.012 * Math.sin((index - 30) / 25)),
          };
          const found = waves[query.get('indicator') ?? ''];
          return found === undefined ? { values: [], next: null } : wave(query, found);
        },
      },
    });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  const legend = (page: Page) => page.locator('.legend');

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`draws live candles on a ${name} in ${theme}, and nothing is wrong with it`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        const stop = demo.run(50);
        await page.goto(`${demo.daemon.url}/trading/binance/BTCUSDT/1m`);
        await legend(page).getByText('forming').waitFor();
        await page.locator('.tape li').nth(20).waitFor();
        const before = await legend(page).textContent();
        await expect.poll(() => legend(page).textContent()).not.toBe(before);
        stop();
        await screenshot(page, `trading-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }

  it('fits a desktop without scrolling', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/BTCUSDT/1m`);
    await legend(page).getByText('Notional').waitFor();
    expect(await page.evaluate('document.getElementById("main").scrollHeight <= document.getElementById("main").clientHeight')).toBe(true);
    await close();
  });

  it('tells all fields of the bar under the crosshair, which arrows move', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/XRPETH/1m`);
    await legend(page).getByText('Notional').waitFor();
    await stepBackTo(page, /revised 3 ×/);
    expect(await legend(page).textContent()).toMatch(/O 0\.000\d{3}H 0\.000\d{3}.*Vol.*VWAP.*Trades.*Buy.*Sell/);
    await stepBackTo(page, /partial: its beginning was not seen/);
    await stepBackTo(page, /data is missing.*Gap from .*: disconnect/);
    await page.keyboard.press('Escape');
    await expect.poll(() => legend(page).textContent()).not.toMatch(/Gap from/);
    await close();
  });

  it('loads older bars while somebody scrolls back', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/ETHUSDT/5m`);
    await legend(page).getByText('Notional').waitFor();
    const asked = () => demo.daemon.asked.filter((url) => url.startsWith('/api/bars') && url.includes('ETHUSDT') && url.includes('until=')).length;
    await page.mouse.move(500, 400);
    for (let turn = 0; turn < 12 && asked() < 2; turn++) {
      await page.mouse.wheel(-4_000, 0);
      await page.waitForTimeout(50);
    }
    await expect.poll(asked).toBeGreaterThan(1);
    await close();
  });

  it('says how many trades came too fast to be listed', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/BTCUSDT/1m`);
    await legend(page).getByText('Notional').waitFor();
    const trade = { venue: 'binance', symbol: 'BTCUSDT', event_ms: Date.now(), price: 64_000, size: 1, side: 'buy' } as const;
    for (const trades_skipped of [1_200, 34]) demo.daemon.tellAll(() => ({ trades: [trade], trades_skipped }));
    await page.getByText('1,234 more came too fast to list; the bars have them.').waitFor();
    await close();
  });

  it('says which indicators the pipeline does not compute, and where to add them', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/BTCUSDT/1m`);
    await page.getByRole('button', { name: /Indicators/ }).click();
    await page.getByText('Not computed: add bollinger(20,2)@1m to indicators.specs').waitFor();
    await screenshot(page, 'trading-indicators');
    await close();
  });

  it('fetches the bars that were missed while the connection was lost, without being loaded again', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/kraken/ADA%2FEUR/1s`);
    await legend(page).getByText('Notional').waitFor();
    await page.evaluate('window.isSameWindow = true');
    demo.daemon.isAway = true;
    demo.daemon.cut();
    await page.getByText(/^Disconnected since \d\d:\d\d:\d\d\./).waitFor();
    await screenshot(page, 'trading-disconnected');
    demo.daemon.asked.length = 0;
    demo.daemon.isAway = false;
    demo.daemon.session = 'second';
    await page.getByText('live', { exact: true }).waitFor();
    await expect.poll(() => demo.daemon.asked.filter((url) => url.startsWith('/api/bars') && url.includes('order=asc')).length).toBeGreaterThan(0);
    expect(await page.evaluate('window.isSameWindow')).toBe(true);
    await close();
  });

  it('takes a closed bar from the stream, and never goes back to one that was forming', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/binance/SOLUSDT/1d`);
    await legend(page).getByText('Notional').waitFor();
    const openMs = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const bar: StreamBar = {
      venue: 'binance', symbol: 'SOLUSDT', spec: '1d', open_ms: openMs, close_ms: openMs + 86_400_000, bar_index: 0, open: 148, high: 150.5,
      low: 147, close: 149.125, volume: 12, notional: 1_788, trades: 7, buy_volume: 8, sell_volume: 4, state: 'closed', quality: 'complete',
      revision: 1, whole: true,
    };
    demo.daemon.tellAll(() => ({ bars: [bar] }));
    await expect.poll(() => legend(page).textContent()).toMatch(/C 149\.125.*closed.*revised 1 ×/);
    demo.daemon.tellAll(() => ({ bars: [{ ...bar, state: 'forming', close: 140, revision: 0 }] }));
    demo.daemon.tellAll(() => ({ bars: [{ ...bar, close: 149.25, revision: 2 }] }));
    await expect.poll(() => legend(page).textContent()).toMatch(/C 149\.25.*revised 2 ×/);
    await close();
  });

  it('draws a few bars that a late trade has changed as if all were drawn anew', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/trading/kraken/BTC%2FEUR/1h`);
    await legend(page).getByText('Notional').waitFor();
    const drawn = (): Promise<Buffer> => page.locator('.chart').screenshot();
    const hourMs = 3_600_000;
    const thisHour = Math.floor(Date.now() / hourMs) * hourMs;
    const { start } = demo.market.instruments[demo.market.indexOf('kraken', 'BTC/EUR')];
    const bar = (age: number, share: number): StreamBar => ({
      venue: 'kraken', symbol: 'BTC/EUR', spec: '1h', open_ms: thisHour - age * hourMs, close_ms: thisHour - (age - 1) * hourMs, bar_index: 0,
      open: start, high: start * (1 + share), low: start * 0.99, close: start * (1 + share / 2), volume: 900 * share, notional: 900 * share * start,
      trades: 7, buy_volume: 800 * share, sell_volume: 90 * share, state: 'closed', quality: 'complete', revision: 2, whole: true,
    });
    const before = await drawn();
    demo.daemon.tellAll(() => ({ bars: [bar(3, 0.02), bar(1, 0.03), bar(0, 0.01), bar(-1, 0.025)] }));
    await expect.poll(() => legend(page).textContent()).toContain('revised 2 ×');
    let oneByOne = before;
    await expect.poll(async () => {
      const last = oneByOne;
      oneByOne = await drawn();
      return oneByOne.equals(last) && !oneByOne.equals(before);
    }).toBe(true);
    // A gap that is none of the bars' is all the same a reason to draw anew.
    const gap = { lane: 'l', venue: 'kraken', symbol: '', spec: '', from_ms: 1_000, until_ms: 2_000, reason: 'disconnect' };
    const trade = { venue: 'kraken', symbol: 'BTC/EUR', event_ms: Date.now(), price: start, size: 0.8125, side: 'buy' } as const;
    demo.daemon.tellAll(() => ({ gaps: [gap], trades: [trade] }));
    await page.getByText('0.8125').first().waitFor();
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    expect((await drawn()).equals(oneByOne)).toBe(true);
    await close();
  });
});
