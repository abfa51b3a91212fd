import { describe, expect, it } from 'vitest';
import { at, faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();
let count = 0;

function written(content: string | Uint8Array): string {
  return file(`${++count}.yaml`, content);
}

/** Faults of a file with this content, from the line number on. */
function faultsIn(content: string | Uint8Array): string[] {
  const path = written(content);
  return faultsOf({ file: path }).map((line) => line.replace(`${path}:`, ''));
}

describe('a file that says nothing', () => {
  for (const [what, content] of Object.entries({
    'is empty': '', 'is only comments': '# nothing\n', 'is a null': 'null', 'is a document mark': '---\n',
    'is a byte order mark': '\uFEFF', 'is an empty mapping': '{}',
    'has sections without keys': 'sink:\nstore: {}\nkafka: { sasl: }\n',
  })) {
    it(`is taken: it ${what}`, () => expect(load({ file: written(content) }).config).toEqual(load().config));
  }
});

describe('a file that is no configuration', () => {
  for (const [what, content, fault] of [
    ['a list', '- name: x', /^1: the file: write a mapping/],
    ['a text', 'hello', /^1: the file: write a mapping/],
    ['two documents', 'name: a\n---\nname: b\n', /^\d: the file: this is not YAML that can be read \(multiple docs/],
    ['a tab as indentation', 'sink:\n\tworkers: 2\n', /^2: the file: .* \(tab as indent, column 1\)/],
    ['an open bracket', 'bars: { specs: [1s\n', /the file: this is not YAML that can be read/],
    ['an unknown alias', 'name: *nobody\n', /^1: the file: this is not YAML that can be read/],
    ['a tag of a language', 'name: !!js/function "f"\n', /^1: the file: this is not YAML that can be read/],
    ['a list as a key', '? [a]\n: 1\n', /^1: the file: this is not YAML that can be read/],
    ['JSON with a comment at its end', '{"name": "a"} // no', /the file: this is not YAML that can be read/],
  ] as const) {
    it(`is refused with its line: ${what}`, () => {
      const faults = faultsIn(content);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults[0]).toMatch(fault);
    });
  }

  it('is refused when it is missing, a directory, too large or not UTF-8', () => {
    expect(faultsOf({ file: '/nonexistent.yaml' }))
      .toEqual([expect.stringMatching(/^\/nonexistent\.yaml:1: the file: it cannot be read/)]);
    expect(faultsOf({ file: import.meta.dirname })).toEqual([expect.stringContaining('it cannot be read')]);
    expect(faultsIn('# '.padEnd(262_145, 'x'))).toEqual([expect.stringContaining('it has 262145 bytes')]);
    expect(faultsIn(`# ${'x'.repeat(262_142)}`)).toEqual([]);
    expect(faultsIn(Uint8Array.of(0x6e, 0x3a, 0x20, 0xff, 0xfe)))
      .toEqual(['1: the file: it is not UTF-8; save it as UTF-8.']);
  });

  it('does not show what it could not read: that may be half of a password', () => {
    const broken = ['store: { url: "hunter2', 'api_key: "x" hunter2', '}hunter2', 'a: b: hunter2', '%hunter2\n---\n'];
    for (const content of broken) {
      const faults = faultsIn(content);
      expect(faults.length, content).toBeGreaterThan(0);
      expect(faults.join('\n'), content).not.toContain('hunter2');
    }
  });
});

describe('scalars', () => {
  it('are those of YAML 1.2', () => {
    expect(load({ file: written('sink: { workers: 0x10 }') }).config.sink.workers).toBe(16);
    expect(load({ file: written('sink: { workers: 0o17 }') }).config.sink.workers).toBe(15);
    expect(load({ file: written('sink: { deadline_ms: 1e3 }') }).config.sink.deadline_ms).toBe(1_000);
    expect(load({ file: written('sink: { workers: 8.0 }') }).config.sink.workers).toBe(8);
    expect(load({ file: written('sink: { workers: +3 }') }).config.sink.workers).toBe(3);
  });

  for (const value of [
    '1_000', '"8"', '8.5', '.inf', '.nan', '-1', '1e400', '99999999999999999999', 'yes', '2020-01-01',
    '~', '[8]', '{ a: 8 }', '',
  ]) {
    it(`${value === '' ? 'nothing' : value} is no number of workers`, () => {
      expect(faultsIn(`sink:\n  workers: ${value}`)).toEqual([expect.stringMatching(/^2: sink\.workers is /)]);
    });
  }

  for (const value of ['no', 'off', 'yes', 'on', '0', '1', '"true"', 'null', 'y']) {
    it(`${value} is no truth value`, () => expect(faultsIn(`telemetry: { enable_metrics: ${value} }`)).toHaveLength(1));
  }

  it('True and FALSE are truth values', () => {
    expect(load({ file: written('telemetry: { enable_metrics: FALSE, enable_tracing: True }') }).config.telemetry)
      .toMatchObject({ enable_metrics: false, enable_tracing: true });
  });

  it('a number is text where text is wanted, as it is written', () => {
    const path = written('name: 007\nkafka: { client_id: 1.10, brokers: [9092] }');
    const { config } = load({ file: path });
    expect([config.name, config.kafka.client_id, config.kafka.brokers]).toEqual(['007', '1.10', ['9092']]);
  });

  it('a truth value, a list or nothing is no text', () => {
    for (const value of ['true', '[a]', '{ a: b }', '']) {
      expect(faultsIn(`kafka: { client_id: ${value} }`), value).toHaveLength(1);
    }
  });

  it('a date and a time are text where text is wanted', () => {
    const { config } = load({ file: written('kafka: { client_id: 2020-01-01, group_id: 12:30:45 }') });
    expect([config.kafka.client_id, config.kafka.group_id]).toEqual(['2020-01-01', '12:30:45']);
  });

  it('null is taken only where it means something', () => {
    expect(load({ file: written('telemetry: { metrics_port: ~ }\nserver: { api_key: }') }).config.server.api_key)
      .toBe(null);
    expect(faultsIn('server: { port: null }'))
      .toEqual(['1: server.port is null: write a whole number from 0 to 65535.']);
  });

  it('a list has texts only', () => {
    for (const value of ['[1s, [1m]]', '[1s, { a: b }]', '[1s, null]', '[true]', '1s', '{}']) {
      expect(faultsIn(`bars: { specs: ${value} }`), value).toHaveLength(1);
    }
  });
});

describe('anchors and merge keys', () => {
  it('stand for what they name', () => {
    const { config } = load({ file: written([
      'sources:',
      '  - &first { name: a, type: synthetic, seed: 3, symbols: 7 }',
      '  - { <<: *first, name: b, seed: 4 }',
      '  - <<: [{ seed: 5 }, *first]',
      '    name: c',
      'server: { port: &port 9000 }',
      'telemetry: { metrics_port: *port }',
    ].join('\n')) });
    const numbers = config.sources.map(({ name, values }) => [name, at(values, 'seed'), at(values, 'symbols')]);
    expect(numbers).toEqual([['a', 3, 7], ['b', 4, 7], ['c', 5, 7]]);
    expect(config.telemetry.metrics_port).toBe(9_000);
  });

  it('a fault in what is merged is told where it stands', () => {
    expect(faultsIn('sources:\n  - { name: a, type: synthetic, <<: { sed: 3 } }'))
      .toEqual([expect.stringMatching(/^2: sources\.a\.sed/)]);
  });

  it('of a mapping that merges or holds itself end', () => {
    expect(faultsIn('sink: &a { workers: 2, <<: *a }')).toEqual([]);
    expect(faultsIn('sink: &a { retry: *a }')).toEqual([expect.stringMatching(/sink\.retry\.retry/)]);
  });

  it('a bomb of aliases is refused at once', () => {
    const tenOf = (name: string): string => Array(10).fill(`*${name}`).join(', ');
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 30; level++) bomb.push(`a${level}: &a${level} [${tenOf(`a${level - 1}`)}]`);
    expect(faultsIn([...bomb, 'bars: { specs: *a29 }'].join('\n'))).toHaveLength(31);
    const merges = ['m0: &m0 { workers: 2 }'];
    for (let level = 1; level < 30; level++) {
      merges.push(`m${level}: &m${level} { <<: [${tenOf(`m${level - 1}`)}] }`);
    }
    expect(faultsIn([...merges, 'sink: { <<: *m29 }'].join('\n'))).toHaveLength(30);
  });
});

describe('keys', () => {
  it('stand once in their section, and the message says where first', () => {
    expect(faultsIn('sink:\n  workers: 2\n  workers: 2\nname: a\nsink: {}\nname: a\nsources: []\nsources: []'))
      .toEqual([
      '3: sink.workers: this key stands already in line 2; keep one.',
      '5: sink: this key stands already in line 1; keep one.',
      '6: name: this key stands already in line 4; keep one.',
      '8: sources: this key stands already in line 7; keep one.',
    ]);
  });

  it('that every object inherits are keys like any other, unknown here', () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      expect(faultsIn(`${key}: { polluted: 1 }`), key).toEqual([`1: ${key}: there is no such key.`]);
      expect(faultsIn(`sink: { ${key}: 1 }`), key).toHaveLength(1);
      expect(faultsIn(`sources: [{ name: a, type: ${key} }]`), key).toHaveLength(1);
      expect(faultsIn(`sources: [{ name: a, type: synthetic, ${key}: 1 }]`), key).toHaveLength(1);
      expect(faultsOf({ flags: [`${key}.polluted=1`, `sink.${key}=1`] }), key).toHaveLength(2);
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('in other letters are other keys', () => {
    expect(faultsIn('Sink: {}')).toEqual(['1: Sink: there is no such key. Did you mean sink?']);
  });

  it('with an odd name are told as they are', () => {
    expect(faultsIn('"": 1\n"a b": 1\n1: 2\ntrue: 3\nnull: 4')).toHaveLength(5);
  });
});
