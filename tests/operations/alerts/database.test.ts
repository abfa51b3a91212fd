import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { Watch, type Watched } from './watched.ts';

/* The database is gone, or far away. */

const limit = { deadlineMs: 30_000 };
const why = whyNoPostgres() ?? whyNoPrometheus();
const demo = { name: 'demo', type: 'synthetic', symbols: 20, ticks_per_second: 200 };

describe.skipIf(why !== null)(`an alert about the database${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const watch = new Watch();
  let [postgres, other]: TestPostgres[] = [];
  let proxy: TcpProxy;
  let name: string;
  let away: Watched, slow: Watched, never: Watched;

  beforeAll(async () => {
    [postgres, other] = await Promise.all([TestPostgres.start(), TestPostgres.start()]);
    name = await postgres.createDatabase();
    proxy = await TcpProxy.start(other.port);
    const farAway = { environment: { DATABASE_URL: other.url({ database: await other.createDatabase(), port: proxy.port }) } };
    [away, slow] = await Promise.all([
      watch.start('away', { sources: [demo] }, { environment: { DATABASE_URL: postgres.url({ database: name }) } }),
      watch.start('slow', { sources: [{ ...demo, speed: 'max', symbols: 100, ticks_per_second: 1_000 }] }, farAway),
    ]);
    await Promise.all([away.daemon.ready(), slow.daemon.ready()]);
    await eventually(async () => await watch.value('mdp_sink_items_committed_total{$instance} > 0', away) !== null);
    proxy.delayMs = 400;
    await postgres.stop('immediate');
    never = await watch.start('never', { sources: [{ ...demo, venue: 'elsewhere' }] }, { environment: { DATABASE_URL: postgres.url({ database: name }) } });
    watch.ask(`${away.url}/api/bars?venue=synthetic&symbol=SYM0001&spec=1s`);
    watch.ask(`${never.url}/health/ready`);
  });

  afterAll(async () => {
    await proxy.close();
    await Promise.all([postgres.dispose(), other.dispose()]);
  });

  it('says that nothing is written, as /health does in words', async () => {
    await watch.fires('MdpSinkBreakerOpen', away);
    const health = await fetch(`${away.url}/health`);
    expect([health.status, await health.text()]).toEqual([200, expect.stringMatching(/"part":"sink".*"status":"degraded".*ECONNREFUSED/)]);
  });

  it('says that writes fail, that rows wait, and that a restart would go far back', async () => {
    await Promise.all(['MdpSinkFailing', 'MdpSinkStalled', 'MdpCheckpointOld'].map((alert) => watch.fires(alert, away)));
  });

  it('says that those who ask for bars get none', () => watch.fires('MdpRequestsFail', away));

  it('says that a process is not ready for minutes', () => watch.fires('MdpUnhealthy', never));

  it('says that a slow server fills the queues, and what that does to commits and rows', async () => {
    await Promise.all(['MdpQueueFull', 'MdpCommitSlow', 'MdpRowsOld'].map((alert) => watch.fires(alert, slow)));
  });

  it('leaves a log that can be read: what comes about every second is said once, then summed up', async () => {
    await away.daemon.logged('more times');
    for (const { daemon } of [away, never]) {
      const lines = daemon.log.split('\n').filter((line) => line.startsWith('{'));
      const said = Map.groupBy(lines.map((line) => JSON.parse(line) as { msg: string }), ({ msg }) => msg.replaceAll(/\d+/g, 'n'));
      expect([...said].filter(([, times]) => times.length > 4).map(([msg]) => msg)).toEqual([]);
    }
  });

  it('ends once the server is back: no restart, and no bar is missing', async () => {
    await postgres.startAgain();
    await Promise.all(['MdpSinkBreakerOpen', 'MdpSinkStalled', 'MdpCheckpointOld'].map((alert) => watch.ends(alert, away)));
    await watch.ends('MdpUnhealthy', never);
    // Workers commit side by side: only after its end no row of a second is on its way while those of the next are there.
    expect(await away.daemon.stop('SIGTERM')).toBe(0);
    const { rows } = await postgres.connect({ database: name }).query<{ holes: string; seconds: number }>(limit, `
      SELECT (max(open_time) - min(open_time)) / 1000 + 1 - count(DISTINCT open_time) AS holes,
             count(DISTINCT open_time)::integer AS seconds
        FROM (SELECT extract(epoch FROM open_time) * 1000 AS open_time FROM bars WHERE lane = 'away/demo') AS of_lane`);
    expect(rows[0].seconds).toBeGreaterThan(5);
    expect(Number(rows[0].holes)).toBe(0);
  });
});
