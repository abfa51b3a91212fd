import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

/*
 * A real Chromium for the tests of the page: the distribution's, driven over its debugging port. Nothing is downloaded.
 */

const root = path.resolve(import.meta.dirname, '../..');
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Null where there is none; with CI=true that is a failure. Use it as `describe.skipIf(browserPath === null)`. */
export const browserPath = find();

/**
 * Options of a suite in the browser. Page, daemon, database and other tests share two cores: what waits in vain is tried once
 * more, and the list of tests says so. What must be true of bars and rows is never tested here alone.
 */
export const inBrowser = { retry: 1 } as const;

function find(): string | null {
  for (const name of names) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    if (found.status === 0) return found.stdout.trim();
  }
  if (process.env['CI'] === 'true') throw new Error('Chromium is not installed, and with CI=true the page must be tested.');
  process.stderr.write('LEFT OUT: the dashboard in a real browser; Chromium is not installed here.\n');
  return null;
}

/** Builds the page where something that goes into it has changed. */
export function ensureDashboard(): void {
  execFileSync(path.join(root, 'scripts/dev.sh'), ['dashboard'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (!existsSync(path.join(root, 'dist/dashboard/index.html'))) throw new Error('The dashboard could not be built.');
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

export const desktop = { width: 1_440, height: 900 } as const;
export const phone = { width: 390, height: 844 } as const;

/** What a page does in a tenth of a second takes ten where a machine has other things to do. */
const waitMsMax = 30_000;

export interface PageOptions {
  readonly size?: { readonly width: number; readonly height: number };
  readonly theme?: 'dark' | 'light';
  /** Of what the page keeps in localStorage as `mdp-preferences`. */
  readonly preferences?: Readonly<Record<string, string>>;
}

/** A window of its own, with nothing kept from before. What the page or the browser complains about is in `complaints`. */
export interface TestPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

export async function openPage(browser: Browser, options: PageOptions = {}): Promise<TestPage> {
  const { size = desktop, theme = 'dark', preferences } = options;
  const context = await browser.newContext({
    viewport: size, colorScheme: theme, hasTouch: size.width < 900, isMobile: size.width < 900, timezoneId: 'UTC', locale: 'en-US',
  });
  if (preferences !== undefined) {
    await context.addInitScript((kept) => {
      if (localStorage.getItem('mdp-preferences') === null) localStorage.setItem('mdp-preferences', kept);
    }, JSON.stringify(preferences));
  }
  const page = await context.newPage();
  page.setDefaultTimeout(waitMsMax);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  return { page, context, complaints, close: () => context.close() };
}

const axe = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly {
    readonly id: string; readonly impact: string | null; readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe-core finds serious or critical, one line each with the element; WCAG AA contrast is part of it. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  // By the debugger and not as an element: the policy of the page lets no script in that is not its own.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`));
}

/** Kept where SCREENSHOTS names a folder; otherwise nothing is taken. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}
