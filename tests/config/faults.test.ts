import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import { faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

describe('a configuration with many faults', () => {
  const base = file('twenty.yaml', [
    /* 1 */ 'name: market data',
    /* 2 */ 'pipline: { batch_size: 3 }',
    /* 3 */ 'batch_size: 4',
    /* 4 */ 'pipeline:',
    /* 5 */ '  batch_size: 0',
    /* 6 */ '  flush_ms: soon',
    /* 7 */ '  max_bytes: 1.5',
    /* 8 */ '  max_bytes: 100000',
    /* 9 */ 'bars: { specs: [1s, 60s, 1m, 2x] }',
    /* 10 */ 'queues: { drop_policy: oldset, op_queue_max: [8] }',
    /* 11 */ 'sink: 4',
    /* 12 */ 'server:',
    /* 13 */ '  host: 0.0.0.0',
    /* 14 */ '  port: 65536',
    /* 15 */ '  enable_rate_limit: no',
    /* 16 */ '  allowed_origins: https://a.example',
    /* 17 */ 'store: { url: "mysql://root:hunter2@db/bars", retenton: {} }',
    /* 18 */ 'kafka: { brokers: { a: 9092 }, sasl: { password: [hunter3] } }',
    /* 19 */ 'telemetry: { enable_metrics: null, metrics_port: -1 }',
    /* 20 */ 'sources: [{ name: demo, type: syntetic }]',
    /* 21 */ '__proto__: { polluted: yes }',
  ].join('\n'));
  const environment = { PIPELINE_BATCHSIZE: '3', PIPELINE_SINK_WORKERS: 'four', ENABLE_RATE_LIMIT: 'maybe' };
  const flags = ['sink.worker=3', 'log.level'];
  const faults = faultsOf({ file: base, environment, flags });
  const place = (line: string): string => line.replace(`${base}:`, '').split(': ').slice(0, 2).join(' ');

  it('is refused with all of them, in the order of the file, then of the environment, then of the flags', () => {
    expect(faults.map(place)).toEqual([
      '1 name is "market data"', '2 pipline', '3 batch_size',
      '5 pipeline.batch_size is 0', '6 pipeline.flush_ms is "soon"',
      '7 pipeline.max_bytes is 1.5', '8 pipeline.max_bytes', '9 bars.specs is "1m"', '9 bars.specs is "2x"',
      '10 queues.drop_policy is "oldset"', '10 queues.op_queue_max is [8]', '11 sink', '13 server.host is "0.0.0.0"',
      '14 server.port is 65536', '15 server.enable_rate_limit is "no"',
      '16 server.allowed_origins is "https://a.example"',
      '17 store.retenton', '17 store.url is ***', '18 kafka.brokers is {"a":"9092"}', '18 kafka.sasl.password is ***',
      '19 telemetry.enable_metrics is null', '19 telemetry.metrics_port is -1', '20 sources.demo.type is "syntetic"',
      '21 __proto__',
      'PIPELINE_BATCHSIZE PIPELINE_BATCHSIZE', 'ENABLE_RATE_LIMIT server.enable_rate_limit is "maybe"',
      'PIPELINE_SINK_WORKERS sink.workers is "four"',
      '--set sink.worker', '--set log.level',
    ]);
  });

  it('tells for each typo what was meant', () => {
    const meant = faults.flatMap((line) => / Did you mean (.+)\?$/.exec(line)?.[1] ?? []);
    expect(meant).toEqual([
      'pipeline', 'pipeline.batch_size', 'oldest', 'store.retention', 'synthetic',
      'PIPELINE_BATCH_SIZE', 'sink.workers',
    ]);
  });

  it('tells for each what may stand there', () => {
    const rule = (key: string): string | undefined =>
      faults.find((line) => line.includes(`: ${key}`))?.split(': ').at(-1);
    expect(rule('pipeline.batch_size is')).toBe('write a whole number from 1 to 20000.');
    expect(rule('server.enable_rate_limit')).toBe('write true or false.');
    expect(rule('telemetry.metrics_port')).toBe('write a whole number from 0 to 65535, or null.');
    expect(rule('server.allowed_origins')).toBe('write a list of texts.');
    expect(faults.find((line) => line.includes(': sink: ')))
      .toContain('this is a section; write its keys below it');
  });

  it('shows no secret', () => {
    expect(faults.join('\n')).not.toMatch(/hunter/);
  });

  it('is an error with a code', () => {
    expect(() => load({ file: base })).toThrow(MdpError);
    expect(() => load({ file: base })).toThrow(/^The configuration has \d+ faults:\n {2}/);
    expect(() => load({ flags: ['x=1'] }))
      .toThrow(/^The configuration has a fault:\n {2}--set: x: there is no such key\.$/);
  });
});

describe('faults', () => {
  it('of a value that a later layer replaces are told all the same', () => {
    const bad = file('replaced.yaml', 'sink: { workers: 0 }');
    expect(faultsOf({ file: bad, environment: { PIPELINE_SINK_WORKERS: '2' } })).toHaveLength(1);
  });

  it('of overlays follow those of the file', () => {
    const first = file('b-first.yaml', '\n\nx: 1');
    const second = file('a-second.yaml', 'x: 1');
    expect(faultsOf({ file: first, overlays: [second] }).map((line) => line.split(': ')[0]))
      .toEqual([`${first}:3`, `${second}:1`]);
  });

  it('never show the value of an unknown key or name: it may be a mistyped secret', () => {
    const bad = file('unknown.yaml', 'server: { api_kye: hunter2 }');
    const environment = { PIPELINE_STORE_URLL: 'hunter2' };
    const all = faultsOf({ file: bad, environment, flags: ['server.api_kei=hunter2'] });
    expect(all).toHaveLength(3);
    expect(all.join('\n')).not.toContain('hunter2');
  });

  it('shorten a long value', () => {
    const [fault] = faultsOf({ flags: [`sink.workers=${'9x'.repeat(10_000)}`] });
    expect(fault.length).toBeLessThan(200);
  });

  it('name every bar spec that cannot be computed, and two spellings of one', () => {
    const bad = file('specs.yaml', 'bars: { specs: [1s, 8d, 1m@Mars/Phobos, 24h, 1d, ""] }');
    expect(faultsOf({ file: bad }).map((line) => /is (".*?"): /.exec(line)?.[1]))
      .toEqual(['"8d"', '"1m@Mars/Phobos"', '"1d"', '""']);
    expect(faultsOf({ file: file('no-specs.yaml', 'bars: { specs: [] }') })).toHaveLength(1);
  });

  it('a first wait above the longest is one', () => {
    expect(faultsOf({ flags: ['sink.retry.base_ms=200', 'sink.retry.max_ms=100'] })).toEqual([
      '--set: sink.retry.base_ms is 200: write at most sink.retry.max_ms, which is 100.',
    ]);
  });

  it('ages that cannot be, or that are less than the time in which bars change, are some', () => {
    const bad = file('ages.yaml', [
      'store:',
      '  retention: { 1s: 30x, 1m: 11s, 5q: 30d, all: 365d }',
      '  compression: { before: 7d }',
      '  chunk_interval: 1m',
    ].join('\n'));
    const places = faultsOf({ file: bad }).map((line) => line.replace(`${bad}:`, '').split(': ').slice(0, 2).join(' '));
    expect(places).toEqual([
      '2 store.retention.1s is "30x"', '2 store.retention.1m is "11s"', '2 store.retention.5q is "30d"',
      '3 store.compression.before is "7d"', '4 store.chunk_interval is "1m"',
    ]);
    const good = file('good-ages.yaml', 'store: { retention: { 1s: 30d, 60s: 12s }, compression: { after: 7d } }');
    expect(load({ file: good }).config.store.retention).toEqual({ '1s': '30d', '60s': '12s' });
  });

  for (const url of ['mysql://u:hunter2@h/d', 'db.example', 'postgres://u:hunter2@h/d?sslmode=prefer']) {
    it(`the database URL ${url} is one, and not shown`, () => {
      const all = faultsOf({ environment: { DATABASE_URL: url } });
      expect(all).toHaveLength(1);
      expect(all[0]).toMatch(/^DATABASE_URL: store\.url is \*\*\*: /);
      expect(all[0]).not.toContain('hunter2');
    });
  }

  it('the name of a pipeline has the letters that lanes and metrics can carry', () => {
    for (const name of ['', 'a b', '-a', 'a/b', 'é', 'a'.repeat(64)]) {
      expect(faultsOf({ flags: [`name=${name}`] }), name).toHaveLength(1);
    }
    for (const name of ['a', 'Desk_1.eu-west', 'a'.repeat(63)]) {
      expect(load({ flags: [`name=${name}`] }).config.name).toBe(name);
    }
  });
});

describe('an address that others can reach', () => {
  const host = (address: string, more: string[] = []): string[] =>
    faultsOf({ flags: [`server.host=${address}`, ...more] });

  it('is refused without an API key', () => {
    for (const address of ['0.0.0.0', '::', '192.168.1.4', 'db.example', '128.0.0.1', '127.0.0.1.example', '']) {
      expect(host(address), address).toHaveLength(1);
    }
  });

  it('is taken with one, or when told so', () => {
    expect(host('0.0.0.0', ['server.api_key=k'])).toEqual([]);
    expect(host('0.0.0.0', ['server.api_key='])).toHaveLength(1);
    expect(host('0.0.0.0', ['server.allow_unauthenticated=true'])).toEqual([]);
  });

  it('is not the loopback', () => {
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) expect(host(address), address).toEqual([]);
  });
});
