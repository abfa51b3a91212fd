import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeConfig, reportConfig, type ConfigReport } from '../../src/config.ts';
import { settingsTree, sourceKinds } from '../../src/config/schema.ts';
import { isSecret, leavesOf, type Leaf } from '../../src/config/tree.ts';
import type { Setting } from '../../src/model/setting.ts';
import { load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

/** Any value that keeps the rule of a setting. */
function valueOf(setting: Setting): fc.Arbitrary<unknown> {
  switch (setting.type) {
    case 'integer': return fc.integer({ min: setting.min ?? -1e6, max: Math.min(setting.max ?? 1e6, 2 ** 31 - 1) });
    case 'number': return fc.double({ min: setting.min ?? -1e6, max: setting.max ?? 1e6, noNaN: true });
    case 'boolean': return fc.boolean();
    case 'text': return fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
    case 'choice': return fc.constantFrom(...setting.choices);
    case 'text-list': return fc.array(fc.string());
    case 'text-map': return fc.dictionary(fc.string(), fc.string()).map((map) => ({ ...map }));
  }
}

/** What has rules beyond its own: these are chosen, not drawn. */
const chosen: ReadonlySet<string> = new Set([
  'name', 'bars.specs', 'server.host', 'sink.retry.base_ms', 'sink.retry.max_ms',
  'store.retention', 'store.compression', 'store.chunk_interval',
  'faults.kill_at', 'faults.hang_at', 'faults.stand_at', 'faults.throw_at', 'faults.exhaust_at', 'server.trust_proxy',
  'watchdog.stall_ms', 'sink.kafka.bars_topic', 'sink.kafka.indicator_topics', 'indicators.specs',
]);

function nested(values: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const direct = values.filter(([path]) => !path.includes('.'));
  const taken = new Set(direct.map(([path]) => path));
  const sections = new Set(values.map(([path]) => path.split('.')[0]).filter((key) => !taken.has(key)));
  const inner = [...sections].map((section) => [section, nested(values
    .filter(([path]) => path.startsWith(`${section}.`))
    .map(([path, value]) => [path.slice(section.length + 1), value] as const))] as const);
  return Object.fromEntries([...direct, ...inner]);
}

function someOf(leaves: readonly Leaf[]): fc.Arbitrary<(readonly [string, unknown])[]> {
  const free = leaves.filter(({ path, setting }) => !chosen.has(path) && !isSecret(setting));
  const drawn = free.map(({ path, setting }) => fc.option(valueOf(setting).map((value) => [path, value] as const)));
  return fc.tuple(...drawn).map((values) => values.filter((value) => value !== null));
}

const synthetic = leavesOf(sourceKinds['synthetic'].settings)
  .filter(({ path }) => !['speed', 'from', 'until'].includes(path) && !path.endsWith('_share'));

const configurations = fc.record({
  settings: someOf(leavesOf(settingsTree)),
  sources: fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/), values: someOf(synthetic) }), {
    selector: ({ name }) => name, maxLength: 3,
  }),
}).map(({ settings, sources }) => ({
  ...nested(settings),
  sources: sources.map(({ name, values }) => ({ name, type: 'synthetic', ...nested(values) })),
}));

describe('what check prints', () => {
  it('loaded again is the same configuration', () => {
    fc.assert(fc.property(configurations, (given) => {
      const first = load({ file: file('given.yaml', JSON.stringify(given)) });
      const again = load({ file: file('printed.yaml', describeConfig(first)) });
      expect(again.config).toEqual(first.config);
      expect(describeConfig(again).replaceAll(/# .*/g, '')).toBe(describeConfig(first).replaceAll(/# .*/g, ''));
    }), { numRuns: 200 });
  });

  it('has every key with where it was set', () => {
    const overlay = file('origins.yaml', 'sources: [{ name: demo, type: synthetic, seed: 3 }]\nsink:\n  workers: 2\n');
    const text = describeConfig(load({ file: overlay, environment: { PORT: '9000' }, flags: ['log.level=debug'] }));
    const lines = text.split('\n').map((line) => line.replace(/ +/g, ' ').trim());
    const line = (key: string): string | undefined => lines.find((one) => one.startsWith(`${key}: `));
    expect(line('workers')).toBe(`workers: 2 # ${overlay}:3`);
    expect(line('port')).toBe('port: 0 # default'); // Of the embedded database; the server's comes later.
    expect(text).toMatch(/ {2}port: 9000 +# PORT\n/);
    expect(line('level')).toBe('level: debug # --set');
    expect(line('seed')).toBe(`seed: 3 # ${overlay}:1`);
    expect(line('burst')).toBe('burst: 0 # as pacing.budget.burst');
    expect(line('batch_size')).toBe('batch_size: 500 # default');
  });

  it('is coloured only when the caller says so', () => {
    const loaded = load({ flags: ['log.level=debug'] });
    expect(describeConfig(loaded)).not.toContain('\u001b');
    const coloured = describeConfig(loaded, true).split('\n');
    const standard = coloured.find((line) => line.includes('batch_size'));
    expect([standard?.startsWith('\u001b[2m'), standard?.endsWith('\u001b[22m')]).toEqual([true, true]);
    expect(coloured.find((line) => line.includes('level: debug'))).not.toContain('\u001b');
  });

  it('ends with what follows from the settings', () => {
    const facts = (given: Parameters<typeof load>[0]): ConfigReport['facts'] => reportConfig(load(given)).facts;
    expect(facts({}).store).toBe('the embedded TimescaleDB in data/, not for production');
    expect(facts({ flags: ['store.url=postgres://desk:hunter2@db.example/bars?sslmode=require'] }).store)
      .toBe('PostgreSQL at db.example:5432/bars');
    const two = file('two.yaml', 'name: desk\nsources: [{ name: a, type: synthetic }, { name: b, type: synthetic }]');
    expect(facts({ file: two }).sources).toBe('lanes desk/a (synthetic), desk/b (synthetic)');
    expect(facts({}).sources).toMatch(/^none/);
    expect(facts({})['base grid']).toBe('1000 ms, stored as 1s');
    expect(facts({ flags: ['bars.specs=10s,15s'] })['base grid'])
      .toBe('5000 ms, not stored: it is none of the bar specs');
    // 2 sources × 8 MiB + 16 MiB + 4 workers × 4 batches of 0.5 MiB.
    expect(facts({ file: two }).memory)
      .toMatch(/^at most 40 MiB wait: 2 × 8 MiB of ticks, 16 MiB of rows, 4 × 2 MiB/);
    // 12 s touch 13 windows of 1 s and two of each of the six others; a row has 20 numbers and a place.
    expect(facts({}).checkpoint).toMatch(
      /^at most 3\.9 MiB per 1,000 symbols of a lane \(25 rows of 164 bytes each\).*last 12 s; 256 MiB hold 65,000 symbols/);
    expect(facts({ flags: ['server.host=::1', 'server.port=1'] }).server)
      .toBe('http://[::1]:1 without an API key');
    expect(describeConfig(load({ file: two })))
      .toMatch(/\n# store +the embedded TimescaleDB in data\/, not for production\n/);
  });

  it('is a list for machines too', () => {
    const { settings } = reportConfig(load({ environment: { PIPELINE_BATCH_SIZE: '7' } }));
    expect(settings.find(({ key }) => key === 'pipeline.batch_size')).toEqual({
      key: 'pipeline.batch_size', value: 7, origin: 'PIPELINE_BATCH_SIZE',
    });
    expect(settings).toHaveLength(leavesOf(settingsTree).length);
  });
});
