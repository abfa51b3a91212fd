import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Health, HealthRow } from '../../../src/server/health.ts';
import { read } from '../../packaging/files.ts';
import { eventually } from '../../support/eventually.ts';
import { TinyDisk } from '../../support/faults/tiny-disk.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { Watch, type Watched } from './watched.ts';

/* The way from a full disk to its end, as somebody who is paged goes it: alert, runbook, /health, room, quiet. */

const limit = { deadlineMs: 30_000 };
const why = whyNoPostgres() ?? whyNoPrometheus() ?? TinyDisk.whyNot();
const page = read('docs/troubleshooting.md');

/** What stands below a heading, up to the next one. */
function sectionOf(heading: string): string {
  const begun = page.split(`\n${heading}\n`)[1];
  return begun.split(/^#+ /m)[0];
}

describe.skipIf(why !== null)(`a database whose disk is full${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const watch = new Watch();
  let postgres: TestPostgres;
  let disk: TinyDisk;
  let name: string;
  let full: Watched;

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    name = await postgres.createDatabase();
    const database = postgres.connect({ database: name });
    disk = TinyDisk.mount(8);
    await database.query(limit, `CREATE TABLESPACE tiny LOCATION '${disk.directory}'`);
    await database.query(limit, 'ALTER TABLE bars SET TABLESPACE tiny');
    full = await watch.start('full', {
      sources: [{ name: 'demo', type: 'synthetic', symbols: 20, ticks_per_second: 200 }],
    }, { environment: { DATABASE_URL: postgres.url({ database: name }) } });
    await eventually(async () => await watch.value('mdp_sink_items_committed_total{$instance} > 0', full) !== null);
    disk.fill();
  });

  afterAll(async () => {
    await postgres.dispose();
    disk.unmount();
  });

  const healthRow = async (part: string): Promise<HealthRow> => {
    const { rows } = await (await fetch(`${full.url}/health`)).json() as Health;
    return rows.find((row) => row.part === part)!;
  };

  it('sets off the alert that nothing is written', () => watch.fires('MdpSinkBreakerOpen', full));

  it('is named by /health and by the log, in the words that the runbook of that alert looks for', async () => {
    const entry = sectionOf('### MdpSinkBreakerOpen');
    expect(entry).toMatch(/Check\.\*\* Row `sink` on `\/health`[^]*\[disk full\]\(#disk-full\)/);
    const words = /`(No space left[^`]*)`/.exec(sectionOf('### Disk full'))![1];
    expect(await healthRow('sink')).toMatchObject({ status: 'degraded', message: expect.stringContaining(words) });
    expect(full.daemon.log).toContain(words);
    expect(postgres.errors('53100')).toBeGreaterThan(0);
  });

  it('sets off, the longer it lasts, those that the runbook names beside it', async () => {
    const named = [...sectionOf('### Disk full').matchAll(/\*(Mdp\w+)\*/g)].map(([, alert]) => alert);
    expect(named).toContain('MdpSinkBreakerOpen');
    await Promise.all(named.map((alert) => watch.fires(alert, full)));
  });

  it('is over once there is room: nothing is restarted, the alerts end, and no bar is missing', async () => {
    disk.free();
    for (const alert of await watch.firing(full)) await watch.ends(alert, full);
    expect((await healthRow('sink')).status).toBe('healthy');
    const { rows: [{ holes, seconds }] } = await postgres.connect({ database: name }).query<{ holes: string; seconds: number }>(limit, `
      SELECT extract(epoch FROM max(open_time) - min(open_time)) + 1 - count(DISTINCT open_time) AS holes,
             count(DISTINCT open_time)::integer AS seconds FROM bars WHERE lane = 'full/demo'`);
    expect(seconds).toBeGreaterThan(5);
    expect(Number(holes)).toBe(0);
  });
});
