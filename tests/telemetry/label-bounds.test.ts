import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/model/status.ts';
import type { LabelName } from '../../src/telemetry/metric.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { parseExposition } from '../support/exposition.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';

/** Why the values of a label cannot become many, whatever comes in. One that nobody can say it of is no label. */
const bounds: Readonly<Record<LabelName, string>> = {
  source: 'the sources of the configuration',
  sink: 'the sinks of the configuration',
  operator: 'the operators of the program',
  queue: 'op and sink',
  reason: 'closed lists of the program (src/telemetry/reasons.ts): never a text of an error',
  lane: 'one for a source, and for one of Kafka one for each partition of its configured topics that this process holds now',
  ledger: 'ticks and rows',
  origin: 'tick and row',
  state: 'closed lists of the program',
  outcome: 'closed lists of the program',
  method: 'those that HTTP of Node knows',
  route: 'the patterns of the routes that there are, and none for all other paths',
  status: 'status codes that the program answers with',
  version: 'one',
};

describe('a label of a metric', () => {
  const used = new Set<string>(metrics.flatMap(({ labels }) => labels));

  it.each(metrics.map(({ name, labels }) => [name, labels] as const))('of %s has few values, for a known reason', (_, labels) => {
    expect(labels.filter((label) => !(label in bounds))).toEqual([]);
  });

  it('is listed here only while a metric has it', () => {
    expect(Object.keys(bounds).filter((label) => !used.has(label))).toEqual([]);
  });
});

const why = whyNoPostgres();
const startMs = Date.UTC(2026, 0, 5);

/** What is read, asked and refused, in so many different words. */
interface Words {
  readonly symbols: number;
  readonly badRecords: number;
  readonly paths: number;
}

describe.skipIf(why !== null)(`the series of /metrics${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-labels-'));
  const daemons: DaemonProcess[] = [];
  let postgres: TestPostgres;
  beforeAll(async () => { postgres = await TestPostgres.start(); });
  afterAll(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGKILL')));
    await postgres.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(name: string, source: object): Promise<DaemonProcess> {
    const daemon = new DaemonProcess({
      config: JSON.stringify({ name, sources: [{ name: 'demo', ...source }], server: { enable_rate_limit: false } }),
      environment: { DATABASE_URL: postgres.url({ database: await postgres.createDatabase() }) },
    });
    daemons.push(daemon);
    await daemon.ready();
    return daemon;
  }

  /** Every series of ours: the name and all labels, without the name of the pipeline. */
  async function seriesOf(daemon: DaemonProcess): Promise<readonly string[]> {
    const text = await (await fetch(`${await daemon.ready()}/metrics`)).text();
    const { series } = parseExposition(text);
    return series.filter(({ name }) => name.includes('mdp_') || name.startsWith('operator_'))
      .map(({ name, labels: { pipeline, lane, ...labels } }) =>
        `${name} ${JSON.stringify({ ...labels, ...(lane === undefined ? {} : { lane: lane.replace(pipeline, '') }) })}`)
      .toSorted();
  }

  it('are the same with 5 symbols and with 5,000', async () => {
    const all = await Promise.all([5, 5_000].map(async (symbols) => {
      const daemon = await start(`symbols-${symbols}`, { type: 'synthetic', symbols, ticks_per_second: 50_000, speed: 'max', count: 200_000 });
      const seen = async (): Promise<PipelineStatus> => daemon.status<PipelineStatus>();
      await eventually(async () => (await seen()).lanes.some((lane) => lane.ended));
      return seriesOf(daemon);
    }));
    expect(all[0].length).toBeGreaterThan(100);
    expect(all[1]).toEqual(all[0]);
  });

  /** Lets a daemon read and answer what is as odd as it gets. */
  async function hostile(name: string, { symbols, badRecords, paths }: Words): Promise<readonly string[]> {
    const file = path.join(folder, `${name}.csv`);
    const odd = (index: number): string => `odd-${index}\\{le=#1#} 🦊%00${'x'.repeat(index % 50)}`;
    const good = Array.from({ length: symbols }, (_, n) => `${startMs + n},buy,1,1,${odd(n)}\n`);
    const bad = Array.from({ length: badRecords }, (_, n) => `${startMs + n},buy,price-${odd(n)},1,A\n`);
    writeFileSync(file, 'event_time_ms,side,price,size,symbol\n');
    appendFileSync(file, [...good, ...bad].join(''));
    const daemon = await start(name, { type: 'replay', files: [file], venue: 'v', ids: 'absent', complete: true });
    const url = await daemon.ready();
    for (let n = 0; n < paths; n++) {
      const word = encodeURIComponent(odd(n));
      const asked = [`/${word}`, `/api/topics/${word}/recent`, `/api/bars?symbol=${word}`, `/docs/${word}`];
      await Promise.all(asked.map(async (one) => (await fetch(url + one)).arrayBuffer()));
    }
    await eventually(async () => (await daemon.status<PipelineStatus>()).lanes.some((lane) => lane.ended));
    return seriesOf(daemon);
  }

  it('do not grow with names of symbols, texts of errors and paths that others choose', async () => {
    const few = await hostile('few', { symbols: 1, badRecords: 1, paths: 1 });
    const many = await hostile('many', { symbols: 1_000, badRecords: 1_000, paths: 100 });
    expect(many).toEqual(few);
    expect(many.filter((series) => series.includes('odd-'))).toEqual([]);
  });
});
