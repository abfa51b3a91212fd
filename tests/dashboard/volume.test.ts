import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bar } from '../../src/dashboard/bars.ts';
import {
  boundsOf, changesOf, classesOf, correlation, usualVolumes, volumeRatio, volumeTrend,
} from '../../src/dashboard/tabs/volume/measures.ts';
import { profileOf } from '../../src/dashboard/tabs/volume/profile.ts';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { barPage, openDemo } from './support/demo.ts';
import type { Demo } from './support/demo.ts';
import { Refusal } from './support/fake-daemon.ts';
import { openLiveDaemon } from './support/live-daemon.ts';

const patience = { timeout: 20_000 };
const minuteMs = 60_000;
const thisMinute = () => Math.floor(Date.now() / minuteMs) * minuteMs;
const region = (page: Page, name: string) => page.getByRole('region', { name });
const newestValue = (value: number): object => ({
  next: null, values: [1, 2, 3].map((age) => ({
    open_time: new Date(thisMinute() - age * minuteMs).toISOString(), bar_index: 0, value, quality: 'complete',
    state: 'closed', revision: 0,
  })),
});

describe.skipIf(browserPath === null)('the Volume tab, in a real browser', inBrowser, () => {
  let browser: Browser;
  let demo: Demo;

  beforeAll(async () => {
    ensureDashboard();
    browser = await openBrowser();
    demo = await openDemo({
      answers: {
        'api/bars': (query) => {
          if (query.get('spec') === '3h') throw new Refusal(503, 'The database does not answer.');
          return query.get('spec') === '2h' ? { bars: [], next: null } : barPage(demo.market, query);
        },
        'api/indicators': (query) =>
          (query.get('indicator') === 'volume_ratio(20)' ? newestValue(1.75) : { values: [], next: null }),
      },
    });
  });
  afterAll(async () => {
    await browser.close();
    await demo.close();
  });

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`measures live volume on a ${name} in ${theme}, and nothing is wrong with it`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        const stop = demo.run(50);
        await page.goto(`${demo.daemon.url}/volume/binance/BTCUSDT/1m`);
        const figures = region(page, 'Measures of volume');
        await figures.getByText('volume_ratio(20) of the pipeline').waitFor(patience);
        await figures.getByText('forming:').waitFor(patience);
        const before = await page.locator('.volume-legend').textContent();
        await expect.poll(() => page.locator('.volume-legend').textContent(), patience).not.toBe(before);
        stop();
        await page.locator('.volume-correlation circle, .volume-correlation path').first().waitFor(patience);
        await screenshot(page, `volume-${name}-${theme}`);
        await region(page, 'Classes of volume').scrollIntoViewIfNeeded();
        if (size === phone) await screenshot(page, `volume-${name}-${theme}-below`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }

  it('completes its address, fits a desktop without scrolling, and says who computed what', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/volume`);
    const figures = region(page, 'Measures of volume');
    await figures.getByText('volume_trend(20) by this page').waitFor(patience);
    await expect.poll(() => figures.textContent(), patience)
      .toMatch(/1\.75 × more than usual.*pv_correlation\(20\) by this page/);
    expect(new URL(page.url()).pathname).toBe('/volume/binance/BTCUSDT/1m');
    const tooHigh = 'document.getElementById("main").scrollHeight - document.getElementById("main").clientHeight';
    expect(await page.evaluate(tooHigh)).toBe(0);
    await page.getByLabel('How many bars').selectOption('120');
    await region(page, 'Classes of volume').getByText(/thirds of (119|120) bars/).waitFor(patience);
    await screenshot(page, 'volume-120');
    expect(new URL(page.url()).search).toBe('?bars=120');
    await close();
  });

  it('is told by arrows what each bar had, and by its words what to do where there is none', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${demo.daemon.url}/volume/kraken/ADA%2FEUR/1h`);
    await page.locator('.volume-legend').getByText('Volume').waitFor(patience);
    const newest = await page.locator('.volume-legend').textContent();
    // The keys hold once the bars are drawn.
    await expect.poll(async () => {
      await page.keyboard.press('ArrowLeft');
      return page.locator('.volume-legend').textContent();
    }, patience).not.toBe(newest);
    await page.getByRole('navigation', { name: 'Length of a bar' }).getByRole('link', { name: '15m' }).click();
    await page.getByRole('region', { name: 'Volume of ADA/EUR, 15m' }).waitFor(patience);
    await page.goto(`${demo.daemon.url}/volume/kraken/ADA%2FEUR/2h`);
    await page.getByText('No bar of 2h is stored for ADA/EUR yet').waitFor(patience);
    await screenshot(page, 'volume-empty');
    await page.goto(`${demo.daemon.url}/volume/kraken/ADA%2FEUR/3h`);
    await page.getByText('The database does not answer. They are asked for again').waitFor(patience);
    await close();
  });
});

describe.skipIf(browserPath === null)('the Volume tab before a real daemon', inBrowser, () => {
  it('measures a day of history', async () => {
    const [browser, daemon] = await Promise.all([openBrowser(), openLiveDaemon({ past: true })]);
    const { page, complaints, close } = await openPage(browser);
    try {
      await page.goto(`${daemon.url}/volume/binance/BTCUSDT/1m`);
      await region(page, 'Volume by price').getByText('Point of control').waitFor({ timeout: 40_000 });
      await region(page, 'Classes of volume').getByText('Prices move').waitFor(patience);
      await screenshot(page, 'volume-real');
      expect(complaints).toEqual([]);
    } finally {
      await close();
      await Promise.all([browser.close(), daemon.close()]);
    }
  });
});

let nextMs = 0;
const bar = (volume: number, more: Partial<Bar> = {}): Bar => ({
  openMs: nextMs += 1_000, closeMs: nextMs + 1_000, open: 10, high: 10, low: 10, close: 10, volume, notional: 0, trades: 1,
  buyVolume: 0, sellVolume: 0, state: 'closed', quality: 'complete', revision: 0, whole: true, ...more,
});
const bars = (...volumes: readonly number[]): readonly Bar[] => volumes.map((volume) => bar(volume));

describe('what the Volume tab computes', () => {
  it('the ratio is to the mean of the bars before, the own one left out', () => {
    expect(volumeRatio(bars(9, 1, 2, 3, 8), 3)).toBe(4);
    expect(volumeRatio(bars(1, 2, 3), 3)).toBeNull();
    expect(volumeRatio(bars(0, 0, 0, 8), 3)).toBeNull();
    expect(usualVolumes(bars(1, 3, 5, 7), 2)).toEqual([null, null, 2, 4]);
  });

  it('the trend is the slope of the least-squares line as a share of the mean', () => {
    // Through 2, 4, 9: slope (9 − 2) / 2 = 3.5; mean 5.
    expect(volumeTrend(bars(100, 2, 4, 9), 3)).toBeCloseTo(0.7, 12);
    expect(volumeTrend(bars(5, 5, 5), 3)).toBe(0);
    expect(volumeTrend(bars(0, 0, 0), 3)).toBeNull();
    expect(volumeTrend(bars(1, 2), 3)).toBeNull();
  });

  it('the correlation is that of changes', () => {
    // Changes of price 1, 2, 3 and of volume 2, 1, 6: deviations −1, 0, 1 and −1, −2, 3, so r = 4 / √(2 · 14).
    const drawn = [bar(1, { close: 10 }), bar(3, { close: 11 }), bar(4, { close: 13 }), bar(10, { close: 16 })];
    expect(changesOf(drawn).map(({ price, volume }) => [price, volume])).toEqual([[1, 2], [2, 1], [3, 6]]);
    expect(correlation(drawn)).toBeCloseTo(4 / Math.sqrt(28), 12);
    expect(correlation(drawn.slice(1))).toBeNull();
    expect(correlation(bars(1, 2, 4, 9))).toBeNull();
    // Steps of 0.1 differ by rounding alone.
    expect(correlation([1, 2, 4, 9, 3].map((volume, at) => bar(volume, { close: 100 + at / 10 })))).toBeNull();
  });

  it('classes are thirds by volume, with the moves of their bars', () => {
    const closes = [[6, 100], [1, 110], [2, 99], [3, 99], [4, 99], [5, 108.9]] as const;
    const six = closes.map(([volume, close]) => bar(volume, { open: 100, close }));
    expect(boundsOf(six)).toEqual({ low: 2, medium: 4 });
    expect(boundsOf(six.slice(0, 2))).toBeNull();
    const [low, medium, high] = classesOf(six, { low: 2, medium: 4 });
    const near = (value: number): unknown => expect.closeTo(value, 12);
    expect(low).toMatchObject({ bars: 2, up: 1, down: 1, volumeShare: 3 / 21, meanMove: near(0), meanSize: near(0.1) });
    expect(medium).toMatchObject({ bars: 2, up: 0, down: 0, meanMove: 0, meanSize: 0 });
    expect(high).toMatchObject({ bars: 2, up: 1, down: 0, meanMove: near(0.05), meanSize: near(0.05) });
  });

  it('a profile spreads each bar over its range, and marks where 70 % was traded', () => {
    // Rows of 1 from 10 to 14: 4 spread over all of them, 6 over the two in the middle, 2 at one price in the lowest.
    const drawn = [bar(4, { low: 10, high: 14 }), bar(6, { low: 11, high: 13 }), bar(2, { low: 10.5, high: 10.5 })];
    const profile = profileOf(drawn, { rowsMax: 4, tick: 0.01 })!;
    expect(profile.rows.map(({ from, until, volume }) => [from, until, volume]))
      .toEqual([[10, 11, 3], [11, 12, 4], [12, 13, 4], [13, 14, 1]]);
    // 8.4 of 12 are wanted: 4 and the 4 above it are not enough, and of 3 below and 1 above it takes 3.
    expect(profile).toMatchObject({ control: 1, valueFrom: 0, valueUntil: 2 });
    expect(profileOf(bars(0, 0), { rowsMax: 4, tick: 0.01 })).toBeNull();
    expect(profileOf(bars(2, 3), { rowsMax: 4, tick: 0.01 })!.rows.map(({ volume }) => volume)).toEqual([5]);
    // No row is lower than two prices can differ.
    expect(profileOf(drawn, { rowsMax: 100, tick: 2 })!.rows.map(({ volume }) => volume)).toEqual([7, 5]);
  });

  it('loses no volume where rows begin at fractions', () => {
    const lowOf = (at: number): number => 0.1 + at * 0.003;
    const drawn = Array.from({ length: 50 }, (_, at) => bar(1 + at % 7, { low: lowOf(at), high: lowOf(at) + at % 5 / 100 }));
    const { rows } = profileOf(drawn, { rowsMax: 30, tick: 1e-6 })!;
    const total = (of: readonly { readonly volume: number }[]): number => of.reduce((sum, { volume }) => sum + volume, 0);
    expect(total(rows)).toBeCloseTo(total(drawn), 9);
    expect(rows.length).toBeLessThanOrEqual(31);
  });
});
