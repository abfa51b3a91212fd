import { afterAll, beforeAll, describe, it } from 'vitest';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { reached } from '../../support/reached.ts';
import { Watch } from './watched.ts';

/* Processes that stand still or need more than they have. */

const why = whyNoPostgres() ?? whyNoPrometheus();
/** A venue each: an instrument belongs to one lane of a database. */
const demo = (venue: string): object => ({ name: 'demo', type: 'synthetic', venue, symbols: 5, ticks_per_second: 100 });

describe.skipIf(why !== null)(`an alert about a process${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const watch = new Watch();
  let postgres: TestPostgres;
  let options: { environment: Record<string, string> };

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    options = { environment: { DATABASE_URL: postgres.url({ database: await postgres.createDatabase() }) } };
  });

  afterAll(() => postgres.dispose());

  it('says that the loop answers late', async () => {
    const halting = await watch.start('halting', { sources: [demo('halting')] }, { ...options, everyMs: 2_000 });
    await halting.daemon.ready();
    let turns = 0;
    // It runs for a sixth of the time: Prometheus gets its answers in between.
    watch.repeat(300, () => halting.daemon.signal(turns++ % 6 === 0 ? 'SIGCONT' : 'SIGSTOP'));
    await watch.fires('MdpEventLoopSlow', halting);
  });

  it('says that memory comes near to what is allowed', async () => {
    const large = await watch.start('large', {
      bars: { specs: ['1s'], allowed_lateness_ms: 3_600_000 }, sink: { type: 'stub' },
      sources: [{ ...demo('large'), symbols: 20_000, ticks_per_second: 20_000, speed: 'max', count: 4_000_000 }],
    }, options);
    await watch.fires('MdpMemoryHigh', large);
    await large.daemon.stop('SIGKILL');
  });

  it('says that a pod is near the limit of its processor', async () => {
    const busy = await watch.start('busy', {
      sink: { type: 'stub' }, sources: [{ ...demo('busy'), speed: 'max' }],
    }, { ...options, labels: { pod: 'mdp-0' } });
    await watch.fires('MdpCpuHigh', busy).catch(async (error: unknown) => {
      const share = await watch.value('rate(process_cpu_seconds_total{$instance}[20s])', busy);
      reached('half a processor that others leave to it', (share ?? 0) > 0.5);
      throw error;
    });
  });
});
