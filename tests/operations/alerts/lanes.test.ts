import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardQueries, freePort } from '../../packaging/files.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { Watch, type Watched } from './watched.ts';

/* Processes that come and go, and two that work on one lane. */

const why = whyNoPostgres() ?? whyNoPrometheus();
/** A venue each: an instrument belongs to one lane of a database. */
const demo = (venue: string): object => ({ name: 'demo', type: 'synthetic', venue, symbols: 5, ticks_per_second: 100 });
const startMs = Date.UTC(2026, 0, 5);

/** Batches that the fence refused, and ticks that waited. */
async function givenUp({ url }: Watched): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  const counts = page.matchAll(/^mdp_(?:sink_batches_failed|ticks_dropped)_total\{[^}]*lane-lost"[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe.skipIf(why !== null)(`an alert about lanes and who has them${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-alerts-'));
  const watch = new Watch();
  let postgres: TestPostgres;
  let options: { environment: Record<string, string> };

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    options = { environment: { DATABASE_URL: postgres.url({ database: await postgres.createDatabase() }) } };
  });

  afterAll(async () => {
    await postgres.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says that a process ends soon after each start, and that a live history misses what came meanwhile', async () => {
    const environment = { ...options.environment, PORT: String(await freePort()) };
    const start = (): Promise<Watched> => watch.start('again', { sources: [demo('again')] }, { environment });
    /** Until this start has been seen, and so long after it that the next one begins in another second: they are rounded. */
    const until = async (watched: Watched, before: number): Promise<number> => {
      await watched.daemon.logged('is ready');
      for (;;) {
        const began = await watch.value('process_start_time_seconds{$instance}', watched) ?? 0;
        if (began > before && Date.now() / 1_000 > began + 0.6) return began;
      }
    };
    let last = await start();
    let began = 0;
    for (let starts = 1; starts < 4; starts++) {
      began = await until(last, began);
      await last.daemon.stop('SIGKILL');
      last = await start();
    }
    await Promise.all(['MdpRestarting', 'MdpGap'].map((alert) => watch.fires(alert, last)));
    const marks = dashboardQueries().filter((query) => /^(?:ALERTS|changes\()/.test(query));
    expect(marks).toHaveLength(2);
    const found = await Promise.all(marks.map((query) => watch.found(query)));
    expect(Math.min(...found), 'alerts and starts, as the dashboard marks them').toBeGreaterThan(0);
  });

  it('says that a lane was taken away by a newer telling, though nothing of it was waiting', async () => {
    // Its one bar stays open, and a file that is read to its end holds nothing back: all that meets the fence is a checkpoint.
    const file = path.join(folder, 'robbed.csv');
    writeFileSync(file, `event_time_ms,side,price,size,symbol\n${startMs},buy,100,1,S\n`);
    const source = { name: 'tail', type: 'replay', files: [file], venue: 'robbed', ids: 'absent', follow: true };
    const settings = { bars: { specs: ['1d'], idle_ms: 600_000 }, sources: [source] };
    const robbed = await watch.start('lane', settings, options);
    await watch.seen(robbed);
    const robber = await watch.start('lane', settings, { ...options, args: ['--rebuild', 'lane/tail'] });
    await robber.daemon.logged('is taken up at the beginning of its log');
    appendFileSync(file, `${startMs + 1},buy,100,1,S\n`);
    await robbed.daemon.logged('lane-taken');
    expect(await givenUp(robbed)).toBe(0);
    await watch.fires('MdpLaneLost', robbed);
    expect(await watch.firing(robber)).toEqual([]);
  });

  it('says that two work on one lane, and that is all it says: nothing is lost by it', async () => {
    const file = path.join(folder, 'both.csv');
    writeFileSync(file, 'event_time_ms,side,price,size,symbol\n');
    let length = 0;
    watch.repeat(100, () => {
      const lines = Array.from({ length: 50 }, (_, index) => `${startMs + (length + index) * 10},buy,100,1,S\n`);
      appendFileSync(file, lines.join(''));
      length += lines.length;
    });
    const source = { name: 'tail', type: 'replay', files: [file], venue: 'v', ids: 'absent', follow: true };
    await watch.start('both', { sources: [source] }, options);
    const slower = await watch.start('both', { sources: [{ ...source, batch_ticks: 10, max_msgs_per_sec: 200 }] }, options);
    await watch.fires('MdpLaneContested', slower);
    expect(await watch.firing(slower)).toEqual(['MdpLaneContested']);
  });
});
