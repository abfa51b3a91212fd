import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../packaging/files.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { Watch, type Watched } from './watched.ts';

/* What is wrong with the data, its source or the settings: the database is well. All daemons run side by side. */

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const why = whyNoPostgres() ?? whyNoPrometheus();

/** A file that grows by ten ticks a second of event time. */
class Feed {
  readonly file: string;
  #length = 0;

  constructor(folder: string, name: string) {
    this.file = path.join(folder, `${name}.csv`);
    writeFileSync(this.file, 'event_time_ms,side,price,size,symbol\n');
  }

  /** So many ticks, of which the first are of no use. */
  grow(ticks: number, bad = 0): void {
    const lines = Array.from({ length: ticks }, (_, index) =>
      `${startMs + (this.#length + index) * 100},buy,${index < bad ? 'x' : 100 + (index % 7)},1,S\n`);
    appendFileSync(this.file, lines.join(''));
    this.#length += ticks;
  }

  get source(): object {
    return { name: 'tail', type: 'replay', files: [this.file], venue: path.basename(this.file), ids: 'absent', follow: true };
  }
}

describe.skipIf(why !== null)(`an alert about data${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-alerts-'));
  const watch = new Watch();
  const feeds = { bad: new Feed(folder, 'bad'), stalled: new Feed(folder, 'stalled') };
  let postgres: TestPostgres;
  let name: string;
  let well: Watched, bad: Watched, stalled: Watched, late: Watched, paced: Watched, mute: Watched, refused: Watched;

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    name = await postgres.createDatabase();
    const database = postgres.connect({ database: name });
    await database.query(limit, "ALTER TABLE bars ADD CHECK (lane NOT IN ('late/demo', 'refused/demo') OR volume < 0.5)");
    await database.query(limit, "ALTER TABLE dead_letters ADD CHECK (lane <> 'refused/demo')");
    const options = { environment: { DATABASE_URL: postgres.url({ database: name }) } };
    // A venue each: an instrument belongs to one lane of a database.
    const demo = (venue: string): object => ({ name: 'demo', type: 'synthetic', venue, symbols: 5, ticks_per_second: 100 });
    const brokers = [`127.0.0.1:${await freePort()}`];
    const nobody = { name: 'nobody', type: 'kafka', topics: ['t'], brokers, venue: 'v' };
    [well, bad, stalled, late, paced, mute, refused] = await Promise.all([
      watch.start('well', { sources: [demo('w')] }, options),
      watch.start('bad', { sources: [feeds.bad.source] }, options),
      watch.start('stalled', { sources: [feeds.stalled.source] }, options),
      watch.start('late', { sources: [{ ...demo('l'), late_share: 0.1, late_ms: 20_000 }] }, options),
      watch.start('paced', {
        bars: { specs: ['1d'] },
        sources: [{ ...demo('p'), speed: 'max', batch_ticks: 20, max_msgs_per_sec: 100 }, nobody],
      }, options),
      watch.start('mute', {
        sources: [demo('m')], sink: { kafka: { bars_topic: 'bars' } }, kafka: { brokers, circuit_breaker: { threshold: 2 } },
      }, options),
      watch.start('refused', { sources: [demo('r')] }, options),
    ]);
    feeds.stalled.grow(200);
    watch.repeat(200, () => feeds.bad.grow(100, 20));
    watch.repeat(200, () => feeds.stalled.grow(10, 10));
  });

  afterAll(async () => {
    await postgres.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('says that records cannot be used, and the letters are where its runbook says', async () => {
    await Promise.all([watch.fires('MdpDeadLetters', bad), watch.fires('MdpTicksRejected', bad)]);
    const { rows } = await postgres.connect({ database: name }).query(
      limit, "SELECT DISTINCT reason FROM dead_letters WHERE origin = 'tick' AND lane = 'bad/tail'");
    expect(rows).toEqual([{ reason: 'bad-price' }]);
  });

  it('says that the database refuses rows', () => watch.fires('MdpRowsSetAside', late));

  it('says that rows are given up, where not even their dead letters are taken', () => watch.fires('MdpRowsDropped', refused));

  it('says that ticks come too late for their bars', () => watch.fires('MdpTicksLate', late));

  it('says that time stands still where no tick can be used any more', () => watch.fires('MdpWatermarkStalled', stalled));

  it('says that a source is held back by its budget', () => watch.fires('MdpPacing', paced));

  it('says that ticks come and no bar is made of them', () => watch.fires('MdpNoBars', paced));

  it('says that a source is not being read', () => watch.fires('MdpSourceDown', paced));

  it('says that brokers do not take what is written', () => watch.fires('MdpProducerBreakerOpen', mute));

  it('is not heard of a daemon that is well, until that one is gone', async () => {
    expect(await watch.value('up{$instance}', well)).toBe(1);
    expect(await watch.firing(well)).toEqual([]);
    expect(await well.daemon.stop()).toBe(0);
    await watch.fires('MdpDown', well);
  });
});
