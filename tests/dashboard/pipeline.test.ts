import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/model/status.ts';
import { LatencyWindow } from '../../src/dashboard/tabs/pipeline/latency.ts';
import { flowOf, imbalanceOf, ledgersOf } from '../../src/dashboard/tabs/pipeline/rates.ts';
import { browserPath, desktop, ensureDashboard, inBrowser, openBrowser, openPage, phone, screenshot, seriousFaults } from '../support/browser.ts';
import { openLiveDaemon } from './support/live-daemon.ts';
import type { LiveDaemon } from './support/live-daemon.ts';

/** What the page says of a term of a ledger. */
const termOf = async (page: Page, ledger: string, name: string): Promise<number> => {
  const text = await page.getByRole('region', { name: `${ledger}: ledger` }).locator('.term')
    .filter({ has: page.getByText(name, { exact: true }) }).locator('b').textContent();
  return Number(text!.replaceAll(',', ''));
};

describe.skipIf(browserPath === null)('the Pipeline tab, in a real browser before a real daemon', inBrowser, () => {
  let browser: Browser;
  let daemon: LiveDaemon;

  beforeAll(async () => {
    ensureDashboard();
    [browser, daemon] = await Promise.all([openBrowser(), openLiveDaemon({ past: true })]);
  });
  afterAll(async () => {
    await Promise.all([browser.close(), daemon.close()]);
  });

  const status = async (): Promise<PipelineStatus> => (await fetch(`${daemon.url}/api/status`)).json() as Promise<PipelineStatus>;

  for (const [name, size] of Object.entries({ desktop, phone })) {
    for (const theme of ['dark', 'light'] as const) {
      it(`draws the path of a tick on a ${name} in ${theme}, and nothing is wrong with it`, async () => {
        const { page, complaints, close } = await openPage(browser, { size, theme });
        await page.goto(`${daemon.url}/pipeline`);
        await page.locator('.map-arrow.flowing').first().waitFor();
        await page.getByText('venue → daemon').waitFor();
        await screenshot(page, `pipeline-${name}-${theme}`);
        expect(await seriousFaults(page)).toEqual([]);
        expect(complaints).toEqual([]);
        await close();
      });
    }
  }

  it('fits a desktop without scrolling', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${daemon.url}/pipeline`);
    await page.getByRole('region', { name: 'Ticks: ledger' }).waitFor();
    expect(await page.evaluate('document.getElementById("main").scrollHeight <= document.getElementById("main").clientHeight')).toBe(true);
    await close();
  });

  it('has the numbers of /api/status: each is between what that says before and after', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(`${daemon.url}/pipeline`);
    await page.getByRole('region', { name: 'Ticks: ledger' }).waitFor();
    const received = await termOf(page, 'Ticks', 'received');
    const before = await status();
    // The next answer that the page has is of a later moment.
    const patience = { timeout: 20_000 };
    await expect.poll(() => termOf(page, 'Ticks', 'received'), patience).toBeGreaterThan(received);
    await expect.poll(() => termOf(page, 'Rows', 'committed'), patience).toBeGreaterThanOrEqual(before.rows.committed);
    const [ticks, rows] = [await termOf(page, 'Ticks', 'received'), await termOf(page, 'Rows', 'committed')];
    const after = await status();
    expect(ticks).toBeLessThanOrEqual(after.ticks.received);
    expect(rows).toBeLessThanOrEqual(after.rows.committed);
    await page.getByText('balanced: nothing was lost in silence').first().waitFor();
    for (const { name } of after.lanes) await page.getByRole('row').filter({ hasText: name }).waitFor();
    await close();
  });
});

const queue = { name: 'op', bytes: 0, bytesMax: 0, offered: 0, taken: 0, superseded: 0, abandoned: 0, refused: 0 } as const;
const looked = (nowMs: number, received: number): PipelineStatus => ({
  startedAtMs: 1, nowMs,
  lanes: [
    { opQueue: { ...queue, depth: 2, capacity: 8, highWater: 4, dropped: 1 }, sinkQueue: { ...queue, depth: 0, capacity: 0, highWater: 0, dropped: 0 } },
    { opQueue: { ...queue, depth: 3, capacity: 8, highWater: 8, dropped: 0 }, sinkQueue: { ...queue, depth: 0, capacity: 0, highWater: 0, dropped: 0 } },
  ],
  ticks: {
    received, restored: 2, aggregated: received - 10, duplicate: 1, late: 2, excluded: 0, rejected: { 'bad-price': 3, 'bad-size': 4 },
    dropped: {}, held: 0, inFlight: 2,
  },
  rows: { emitted: 7, committed: 5, superseded: 0, setAside: 0, dropped: { 'sink-queue/oldest': 1 }, inFlight: 1 },
} as unknown as PipelineStatus);

describe('what the Pipeline tab computes', () => {
  it('rates are what came between two looks, per second; there is none before the second, and none over a restart', () => {
    expect(flowOf(looked(5_000, 100), null).received).toBeNull();
    expect(flowOf(looked(5_000, 400), looked(3_000, 100)).received).toBe(150);
    expect(flowOf(looked(5_000, 400), { ...looked(3_000, 100), startedAtMs: 0 }).received).toBeNull();
  });

  it('queues of all lanes are summed, and the fullest lane gives the high water', () => {
    expect(flowOf(looked(1, 10), null).op).toEqual({ depth: 5, capacity: 16, highWaterShare: 1, dropped: 1 });
  });

  it('ledgers have every term, and say by how much they are off', () => {
    const [ticks, rows] = ledgersOf(looked(1, 100));
    expect(imbalanceOf(ticks)).toBe(0);
    expect(ticks.right.find(({ name }) => name === 'rejected')!.parts).toEqual([['bad-size', 4], ['bad-price', 3]]);
    expect(imbalanceOf(rows)).toBe(0);
    expect(imbalanceOf({ ...rows, right: rows.right.slice(1) })).toBe(5);
  });

  it('latency is that of the last ten seconds, by nearest rank, and not that of old prices', () => {
    const window = new LatencyWindow();
    const quote = (eventMs: number, receivedMs: number) => (
      { venue: 'v', symbol: 's', price: 1, previous_close: null, event_ms: eventMs, received_ms: receivedMs });
    window.add([quote(0, 1)], 60_000);
    expect(window.at(60_000)).toEqual({ toDaemon: { p50: null, p95: null }, toPage: { p50: null, p95: null }, prices: 0 });
    window.add(Array.from({ length: 20 }, (_, index) => quote(59_000, 59_001 + index)), 59_100);
    expect(window.at(60_000)).toEqual({ toDaemon: { p50: 10, p95: 19 }, toPage: { p50: 89, p95: 98 }, prices: 20 });
    expect(window.at(70_000).prices).toBe(0);
  });
});
