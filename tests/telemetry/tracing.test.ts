import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess, type DaemonOptions } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { OtlpCollector, type ReceivedSpan } from '../support/otlp-collector.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { reached } from '../support/reached.ts';

const root = path.resolve(import.meta.dirname, '../..');
const running: DaemonProcess[] = [];
const collectors: OtlpCollector[] = [];
const why = whyNoPostgres();
let postgres: TestPostgres;

beforeAll(async () => {
  if (why === null) postgres = await TestPostgres.start();
});

afterAll(async () => {
  await postgres?.dispose();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop('SIGKILL')));
  await Promise.all(collectors.splice(0).map((one) => one.close()));
});

async function collectorOf(options: { silent?: boolean } = {}): Promise<OtlpCollector> {
  const made = await OtlpCollector.start(options);
  collectors.push(made);
  return made;
}

const ticks = 60_000;
const demo = { name: 'demo', type: 'synthetic', symbols: 5, ticks_per_second: 5_000, batch_ticks: 500 };
const whole = { ...demo, speed: 'max', count: ticks, complete: true };

interface Wish extends Partial<DaemonOptions> {
  /** One of its own unless given. */
  readonly database?: string;
}

async function daemon(
  sources: readonly object[], endpoint: string, { environment = {}, ...options }: Wish = {},
): Promise<DaemonProcess> {
  const database = options.database ?? await postgres.createDatabase(false);
  const made = new DaemonProcess({
    config: JSON.stringify({ name: 'test', sources, bars: { specs: ['1s'], out_of_orderness_ms: 100 } }), // JSON is YAML.
    environment: {
      DATABASE_URL: postgres.url({ database }), PIPELINE_ENABLE_TRACING: 'true',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_MAX_QUEUE_SIZE: '100000',
      OTEL_BSP_SCHEDULE_DELAY: '100', ...environment,
    },
    ...options,
  });
  running.push(made);
  return made;
}

const sumOf = (spans: readonly ReceivedSpan[], key: string): number =>
  spans.reduce((sum, { attributes }) => sum + Number(attributes[key]), 0);

function childOf(spans: readonly ReceivedSpan[], parent: ReceivedSpan): ReceivedSpan {
  const found = spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
  expect(found).toHaveLength(1);
  expect(found[0].traceId).toBe(parent.traceId);
  return found[0];
}

/** What it is, and nothing of its command line, which could hold a secret; and nothing but traces is sent. */
function expectResource({ spans, requests }: OtlpCollector): void {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const { resource } = spans[0];
  expect(resource).toMatchObject({
    'service.name': 'mdp', 'service.version': version, 'mdp.pipeline': 'test', 'deployment.environment': 'test',
  });
  expect(Object.keys(resource).filter((key) => key.startsWith('process.command'))).toEqual([]);
  expect(new Set(requests)).toEqual(new Set(['/v1/traces']));
}

describe.skipIf(why !== null)('a daemon that is traced', () => {
  it('sends each batch as one trace through source, queue and operators, and commits that link to those who made their rows', async () => {
    const collector = await collectorOf();
    const database = await postgres.createDatabase(false);
    const made = await daemon([whole], collector.url, {
      args: ['--until-end'], database, environment: { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' },
    });
    expect(await made.ended()).toBe(0);
    expectResource(collector);

    const [sources, queues, operators] = ['source', 'op-queue', 'operators'].map((name) => collector.named(name));
    expect([sumOf(sources, 'mdp.ticks'), sumOf(operators, 'mdp.ticks')]).toEqual([ticks, ticks]);
    expect(Math.max(...sources.map(({ attributes }) => Number(attributes['mdp.position'])))).toBe(ticks);
    expect(new Set(sources.map(({ traceId }) => traceId)).size).toBe(sources.length);
    for (const source of sources) {
      const [queue, folded] = [childOf(queues, source), childOf(operators, source)];
      expect(source).toMatchObject({ parentSpanId: undefined, attributes: { 'mdp.lane': 'test/demo', 'mdp.source': 'demo' } });
      expect([queue.startNs, folded.startNs]).toEqual([source.endNs, queue.endNs]);
      expect(source.startNs <= source.endNs && queue.startNs <= queue.endNs && folded.startNs < folded.endNs).toBe(true);
    }
    const byId = new Map(operators.map((span) => [span.spanId, span]));
    const commits = collector.named('commit');
    expect(commits.some(({ startNs, endNs }) => endNs > startNs)).toBe(true);
    // A batch is a tenth of a second: each second is closed by one of its own, but for what the end of the log closes: the last
    // second, and the one before it where that ended less than out_of_orderness_ms before the log.
    const linked = new Set(commits.flatMap(({ links }) => links.map(({ spanId }) => spanId)));
    const { rows } = await postgres.connect({ database }).query<{ seconds: string }>(
      { deadlineMs: 10_000 }, 'SELECT count(DISTINCT open_time) AS seconds FROM bars');
    expect(linked.size).toBeGreaterThanOrEqual(Number(rows[0].seconds) - 2);
    expect(linked.size).toBeLessThan(operators.length / 2);
    for (const commit of commits) {
      expect(commit.attributes).toMatchObject({ 'mdp.lane': 'test/demo', 'mdp.sink': 'timescale' });
      expect(Number(commit.attributes['mdp.rows'])).toBeGreaterThan(0);
      expect([commit.links[0].spanId, commit.links[0].traceId]).toEqual([commit.parentSpanId, commit.traceId]);
      for (const link of commit.links) {
        const maker = byId.get(link.spanId)!;
        expect(maker.traceId).toBe(link.traceId);
        expect(commit.startNs).toBeGreaterThanOrEqual(maker.startNs);
      }
    }
    expect(collector.named('sink-queue').every(({ parentSpanId }) => byId.has(parentSpanId!))).toBe(true);
  });

  it('sends the share of the batches that OTEL_TRACES_SAMPLER asks for, each of them whole', async () => {
    const collector = await collectorOf();
    const made = await daemon([{ ...whole, batch_ticks: 100 }], collector.url, {
      args: ['--until-end'],
      environment: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.2', OTEL_SERVICE_NAME: 'feed' },
    });
    expect(await made.ended()).toBe(0);
    const sources = collector.named('source');
    // Of some 600 batches: eleven standard deviations of the binomial on either side, or more.
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.length).toBeLessThan(320);
    for (const source of sources) {
      childOf(collector.named('op-queue'), source);
      childOf(collector.named('operators'), source);
    }
    const operators = new Set(collector.named('operators').map(({ spanId }) => spanId));
    expect(operators.size).toBe(sources.length);
    const commits = collector.named('commit');
    // A busy machine writes the whole log in a few transactions, of which chance may sample none.
    reached('a commit that is sampled', commits.length > 0);
    const links = commits.flatMap((commit) => commit.links);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter(({ spanId }) => !operators.has(spanId))).toEqual([]);
    expect(collector.spans[0].resource['service.name']).toBe('feed');
  });

  it('names the trace in the log line of a record that was rejected, and of a write that failed', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'mdp-traced-'));
    try {
      const file = path.join(directory, 'trades.csv');
      const trades = Array.from({ length: 50 }, (_, second) => `ABC,${second === 10 ? 'x' : 100 + second},1,${1_700_000_000_000 + second * 1_000},${second}`);
      writeFileSync(file, `symbol,price,size,timestamp,id\n${trades.join('\n')}\n`);
      const collector = await collectorOf();
      const replay = {
        name: 'file', type: 'replay', files: [file],
        fields: { symbol: 'symbol', price: 'price', size: 'size', event_time: 'timestamp', trade_id: 'id' },
      };
      const made = await daemon([demo, replay], collector.url);
      await made.ready();
      await eventually(() => made.log.includes('was rejected as bad-price'));
      await eventually(() => collector.named('commit').length > 0);
      await postgres.stop('immediate');
      await eventually(() => made.log.includes('A write of '));
      await postgres.startAgain();
      const failed = (): ReceivedSpan | undefined => collector.named('commit').find((span) => span.failed);
      await eventually(() => failed() !== undefined);
      const lines = made.log.split('\n').filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as { msg: string; trace_id?: string; span_id?: string });
      const rejected = lines.find(({ msg }) => msg.includes('was rejected as'))!;
      const folded = collector.named('operators').find(({ spanId }) => spanId === rejected.span_id)!;
      expect(folded).toMatchObject({ traceId: rejected.trace_id, attributes: { 'mdp.source': 'file' } });
      const refused = lines.find(({ msg }) => msg.startsWith('A write of '))!;
      expect(failed()).toMatchObject({ traceId: refused.trace_id, attributes: { 'error.type': expect.any(String) as unknown } });
      expect(await made.stop()).toBe(0);
    } finally {
      await postgres.startAgain();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe.skipIf(why !== null)('a collector that is away', () => {
  it('that refuses connections costs a line in the log, and no end', async () => {
    const collector = await collectorOf();
    const { url } = collector;
    await collector.close();
    const made = await daemon([whole], url, { args: ['--until-end'], environment: { OTEL_EXPORTER_OTLP_TIMEOUT: '300' } });
    expect(await made.ended()).toBe(0);
    expect(made.log).toContain('Everything that was read is committed.');
    // The first is told, and the rest are summed up; nothing runs for the half minute of a second summary here.
    expect(made.log.match(/Traces (?:are|were) not complete/g)?.length).toBeLessThanOrEqual(2);
    expect(made.log).toMatch(/Traces are not complete.*ECONNREFUSED/);
  });

  it('that takes connections and answers nothing does not hold the end', async () => {
    const collector = await collectorOf({ silent: true });
    const patient = { OTEL_EXPORTER_OTLP_TIMEOUT: '600000', OTEL_BSP_EXPORT_TIMEOUT: '600000' };
    const made = await daemon([whole], collector.url, { args: ['--until-end'], environment: patient });
    expect(await made.ended()).toBe(0); // While the collector still has the request.
    expect(collector.requests).not.toEqual([]);
    expect(made.log).toContain('Traces are not complete');
  });
});

describe.skipIf(why !== null)('a variable of OpenTelemetry that cannot be understood', () => {
  it.each([
    ['sometimes', { OTEL_TRACES_SAMPLER: 'sometimes' }],
    ['Invalid URL', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[here' }],
  ])('costs a line in the log, and nothing else: %s', async (told, environment) => {
    const collector = await collectorOf();
    const made = await daemon([whole], collector.url, { args: ['--until-end'], environment });
    expect(await made.ended()).toBe(0);
    expect(made.log).toContain('Everything that was read is committed.');
    expect(made.log).toMatch(new RegExp(`"level":"warn".*Traces are not complete.*${told}`));
  });
});

describe.skipIf(why !== null)('a daemon that is not traced', () => {
  it('sends nothing and loads nothing of the SDK, whatever the environment says', async () => {
    const collector = await collectorOf();
    const watch = `import { registerHooks } from 'node:module';
      const seen = new Set();
      registerHooks({ load: (url, context, next) => {
        const name = /node_modules\\/(@opentelemetry\\/[^/]+)/.exec(url)?.[1];
        if (name !== undefined) seen.add(name);
        return next(url, context);
      } });
      process.on('exit', () => process.stderr.write('loaded: ' + JSON.stringify([...seen]) + '\\n'));`;
    const nodeFlags = ['--import', `data:text/javascript,${encodeURIComponent(watch)}`];
    const loadedBy = async (traced: string): Promise<readonly string[]> => {
      const made = await daemon([whole], collector.url, {
        args: ['--until-end'], nodeFlags, environment: { PIPELINE_ENABLE_TRACING: traced },
      });
      expect(await made.ended()).toBe(0);
      return JSON.parse(/loaded: (.*)/.exec(made.log)![1]) as readonly string[];
    };
    // Its interface alone comes with prom-client: types and functions that do nothing.
    expect((await loadedBy('false')).filter((name) => name !== '@opentelemetry/api')).toEqual([]);
    expect(collector.requests).toEqual([]);
    expect(await loadedBy('true')).toContain('@opentelemetry/sdk-node');
  });
});
