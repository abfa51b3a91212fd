import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/load.ts';
import { at, faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

const two = file('two.yaml', `
sources:
  - { name: demo, type: synthetic, seed: 7, max_msgs_per_sec: 100 }
  - name: night-shift
    type: synthetic
    symbols: 3
pacing: { budget: { max_msgs_per_sec: 5000, burst: 50 } }
`);

describe('sources', () => {
  it('are none by default', () => {
    expect(load().config.sources).toEqual([]);
  });

  it('keep their order, with defaults of their type', () => {
    const { sources } = load({ file: two }).config;
    expect(sources.map(({ name, type }) => `${name} ${type}`))
      .toEqual(['demo synthetic', 'night-shift synthetic']);
    expect(at(sources[0], 'values.seed')).toBe(7);
    expect(at(sources[1], 'values.seed')).toBe(1);
    expect(at(sources[1], 'values.symbols')).toBe(3);
  });

  it('take the pacing of the pipeline where they have none of their own, and say so', () => {
    const { config, origins } = load({ file: two });
    expect(config.sources.map(({ values }) => [values.max_msgs_per_sec, values.burst]))
      .toEqual([[100, 50], [5_000, 50]]);
    expect(origins.get('sources.demo.max_msgs_per_sec')).toEqual({ kind: 'file', file: two, line: 3 });
    expect(origins.get('sources.demo.burst')).toEqual({ kind: 'inherited', key: 'pacing.budget.burst' });
  });

  it('a budget of 0 of their own lifts that of the pipeline', () => {
    const loaded = load({ file: two, flags: ['sources.demo.max_msgs_per_sec=0'] });
    expect(loaded.config.sources[0].values.max_msgs_per_sec).toBe(0);
  });

  it('are replaced whole by an overlay that lists sources', () => {
    const overlay = file('one.yaml', 'sources: [{ name: other, type: synthetic }]');
    expect(load({ file: two, overlays: [overlay] }).config.sources.map(({ name }) => name)).toEqual(['other']);
    const none = file('none.yaml', 'sources: []');
    expect(load({ file: two, overlays: [none] }).config.sources).toEqual([]);
  });

  it('are set key by key by the environment and by flags', () => {
    const environment = { PIPELINE_SOURCES_DEMO_SEED: '8', PIPELINE_SOURCES_NIGHT_SHIFT_SYMBOLS: '4' };
    const loaded = load({ file: two, environment, flags: ['sources.demo.symbols=9'] });
    expect(at(loaded.config.sources[0], 'values.seed')).toBe(8);
    expect(at(loaded.config.sources[0], 'values.symbols')).toBe(9);
    expect(at(loaded.config.sources[1], 'values.symbols')).toBe(4);
    expect(loaded.origins.get('sources.demo.seed'))
      .toEqual({ kind: 'environment', name: 'PIPELINE_SOURCES_DEMO_SEED' });
  });

  it('must be there to be set', () => {
    expect(faultsOf({ environment: { PIPELINE_SOURCES_DEMO_SEED: '8' } })).toEqual([
      'PIPELINE_SOURCES_DEMO_SEED: PIPELINE_SOURCES_DEMO_SEED: no key has this environment name.',
    ]);
    expect(faultsOf({ file: two, flags: ['sources.dem.seed=8'] })).toEqual([
      '--set: sources.dem.seed: there is no such key. Did you mean sources.demo.seed?',
    ]);
  });

  it('an environment name that fits two of them is refused', () => {
    const alike = file('alike.yaml', 'sources: [{ name: a-b, type: synthetic }, { name: a_b, type: synthetic }]');
    expect(load({ file: alike }).config.sources).toHaveLength(2);
    expect(faultsOf({ file: alike, environment: { PIPELINE_SOURCES_A_B_SEED: '8' } })).toEqual([
      'PIPELINE_SOURCES_A_B_SEED: PIPELINE_SOURCES_A_B_SEED: it could mean sources.a-b.seed and sources.a_b.seed; ' +
        'set them in a file, or rename a source.',
    ]);
  });

  it('cannot be given another name or type by the environment', () => {
    expect(faultsOf({ file: two, environment: { PIPELINE_SOURCES_DEMO_TYPE: 'replay' } })).toHaveLength(1);
    expect(faultsOf({ file: two, flags: ['sources.demo.name=x'] })).toHaveLength(1);
  });

  it('a file may be of another shape than a list only when it says nothing', () => {
    expect(load({ file: file('null.yaml', 'sources:') }).config.sources).toEqual([]);
    expect(faultsOf({ file: file('map.yaml', 'sources: { demo: { type: synthetic } }') })).toEqual([
      expect.stringContaining('sources: write a list, with a name and a type in each entry.'),
    ]);
    const many = Array.from({ length: 65 }, (_, index) => ({ name: `s${index}`, type: 'synthetic' }));
    expect(faultsOf({ file: file('many.yaml', JSON.stringify({ sources: many })) })).toEqual([
      expect.stringContaining('sources: write at most 64 sources.'),
    ]);
  });

  it('of type kafka need an address, and what their way to log in needs', () => {
    const topics = file('topics.yaml', 'sources: [{ name: ticks, type: kafka, topics: [t], venue: v }]');
    const brokers = { KAFKA_BROKERS: 'a:9092,b:9092' };
    expect(faultsOf({ file: topics })).toEqual([expect.stringContaining('sources.ticks: kafka.brokers is empty.')]);
    expect(faultsOf({ file: topics, environment: brokers })).toEqual([]);
    expect(faultsOf({ file: topics, environment: { ...brokers, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' } }))
      .toEqual([expect.stringContaining('kafka.sasl.password is not set.')]);
    expect(faultsOf({ file: topics, environment: { ...brokers, KAFKA_SSL_ENABLED: 'true', KAFKA_SSL_CA: '/nowhere.pem' } }))
      .toEqual([expect.stringContaining('/nowhere.pem')]);
  });

  it('faults of an entry without a usable name are told by its place', () => {
    const bad = file('bad.yaml', [
      'sources:',
      '  - { type: synthetic, sed: 1 }',
      '  - { name: "a/b", type: synthetic }',
      '  - { name: ok }',
      '  - { name: ok2, type: kafak }',
      '  - synthetic',
      '  - { name: twice, type: synthetic }',
      '  - { name: twice, type: synthetic, seed: -1 }',
      '  - { name: x, name: y, type: synthetic }',
    ].join('\n'));
    expect(faultsOf({ file: bad }).map((line) => line.slice(bad.length + 1))).toEqual([
      expect.stringMatching(/^2: sources\[0\]\.name: write a name of letters/),
      '2: sources[0].sed: there is no such key. Did you mean sources[0].seed?',
      expect.stringMatching(/^3: sources\[1\]\.name is "a\/b": write a name of letters/),
      expect.stringMatching(/^4: sources\.ok\.type: write one of synthetic/),
      expect.stringMatching(/^5: sources\.ok2\.type is "kafak": write one of synthetic/),
      '6: sources[4]: write a mapping with a name and a type.',
      '8: sources[6].name is "twice": another source has this name in line 7; names are unique.',
      '8: sources[6].seed is -1: write a whole number from 0 to 4294967295.',
      '9: sources[7].name: this key stands already in this source; keep one.',
    ]);
  });
});

describe('a map of texts', () => {
  const kinds = { feed: { settings: {
    renames: { type: 'text-map', default: { a: 'b' }, doc: '' },
    max_msgs_per_sec: { type: 'number', default: null, min: 0, doc: '' },
    burst: { type: 'number', default: null, min: 0, doc: '' },
  } } } as const;
  const renames = (yaml: string): unknown => {
    const path = file('map.yaml', `sources:\n  - { name: feed, type: feed, ${yaml} }`);
    return at(readConfig({ file: path, environment: {} }, kinds).config.sources[0], 'values.renames');
  };

  it('may have dots and spaces in its keys', () => {
    expect(renames('renames: { BRK.B: BRK_B, a.b.c: x, "": y, 1: 2 }'))
      .toEqual({ 'BRK.B': 'BRK_B', 'a.b.c': 'x', '': 'y', 1: '2' });
  });

  it('takes the place of the whole default', () => {
    expect(renames('burst: 1')).toEqual({ a: 'b' });
    expect(renames('renames: {}')).toEqual({});
    expect(renames('renames: { c: d }')).toEqual({ c: 'd' });
  });

  it('has texts only, once each, and no key that every object inherits', () => {
    expect(() => renames('renames: { a: [b] }'))
      .toThrow(/sources\.feed\.renames is .*write a mapping of texts to texts/);
    expect(() => renames('renames: { a: null }')).toThrow(/write a mapping of texts to texts/);
    expect(() => renames('renames: [a]')).toThrow(/write a mapping of texts to texts/);
    expect(() => renames('renames: { a: b, a: c }'))
      .toThrow(/:2: sources\.feed\.renames\.a: this key stands already in line 2/);
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      expect(() => renames(`renames: { ${key}: b }`), key).toThrow(/write a mapping of texts to texts/);
    }
  });
});

describe('a source whose values contradict each other', () => {
  it('is a fault of the configuration, told with all others', () => {
    const source = '{ name: demo, type: synthetic, speed: fast }';
    const bad = file('contradicting.yaml', `sources:\n  - ${source}\nsink: { workers: 0 }`);
    expect(faultsOf({ file: bad })).toEqual([
      expect.stringMatching(/:2: sources\.demo: .*speed "fast"/), expect.stringMatching(/:3: sink\.workers is 0/),
    ]);
  });

  it('is not judged while one of its keys is wrong by itself', () => {
    const bad = file('doubly.yaml', 'sources: [{ name: demo, type: synthetic, speed: fast, seed: -1 }]');
    expect(faultsOf({ file: bad })).toEqual([expect.stringMatching(/sources\.demo\.seed is -1/)]);
  });
});

describe('a live source', () => {
  const kinds = {
    live: { pausable: false, settings: {
      max_msgs_per_sec: { type: 'number', default: null, min: 0, doc: '' },
      burst: { type: 'number', default: null, min: 0, doc: '' },
    } },
  } as const;
  const read = (yaml: string): unknown =>
    readConfig({ file: file('live.yaml', yaml), environment: {} }, kinds).config.sources;

  it('runs without a pacing budget', () => {
    expect(read('sources: [{ name: feed, type: live }]')).toHaveLength(1);
  });

  it('is refused one of its own', () => {
    expect(() => read('sources:\n  - name: feed\n    type: live\n    max_msgs_per_sec: 5')).toThrow(
      /live\.yaml:4: sources\.feed\.max_msgs_per_sec is 5: a live source cannot be paused; write 0 here\./);
  });

  it('is refused that of the pipeline, until it says 0', () => {
    const general = 'pacing: { budget: { max_msgs_per_sec: 5 } }\n';
    expect(() => read(`${general}sources: [{ name: feed, type: live }]`))
      .toThrow(/live\.yaml:2: sources\.feed\.max_msgs_per_sec/);
    expect(read(`${general}sources: [{ name: feed, type: live, max_msgs_per_sec: 0 }]`)).toHaveLength(1);
  });
});
