/**
 * Plants faults in a copy of the source, one at a time, and runs the test that must turn red. Prints the table of
 * mutant → test. Ends with 1 when a mutant survives, or when a named test is not green without it.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mutants, type Mutant } from './mutants/list.ts';

const root = path.resolve(import.meta.dirname, '..');
const wanted = process.argv[2] ?? '';
const chosen = mutants.filter(({ name }) => name.includes(wanted));
const copy = mkdtempSync(path.join(tmpdir(), 'mdp-mutants-'));

const entries = [
  'src', 'tests', 'scripts', 'docs', 'migrations', 'config', 'config.yaml', 'package.json', 'package-lock.json', 'tsconfig.json', 'vitest.config.ts',
  'deploy', 'monitoring', 'docker-compose.yaml', 'docker-compose.prod.yml',
];
for (const entry of entries) {
  cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
}
for (const entry of ['node_modules', '.kafka']) symlinkSync(path.join(root, entry), path.join(copy, entry));

let survivors = 0;
try {
  for (const [test, planted] of Map.groupBy(chosen, (mutant) => mutant.test)) survivors += await notGreen(test, planted);
  for (const mutant of chosen) if (!(await isKilled(mutant))) survivors++;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} mutants turned their test red`);
process.exitCode = survivors === 0 ? 0 : 1;

/** Runs the named tests of one file without a fault; how many mutants have none that is green. */
async function notGreen(test: string, planted: readonly Mutant[]): Promise<number> {
  const { passed, failed } = await run(test, planted.map(({ shows }) => shows));
  const dim = planted.filter(({ shows }) => {
    const isNamed = (name: string): boolean => name.includes(shows);
    return !passed.some(isNamed) || failed.some(isNamed);
  });
  for (const { name, shows } of dim) console.log(`NOT GREEN ${name}: without a fault, ${test}: ${shows}`);
  return dim.length;
}

async function isKilled(mutant: Mutant): Promise<boolean> {
  const file = path.join(copy, mutant.file);
  const original = readFileSync(file, 'utf8');
  const places = original.split(mutant.find).length - 1;
  if (places !== 1) {
    console.log(`STALE     ${mutant.name}: its text stands ${places} times in ${mutant.file}`);
    return false;
  }
  writeFileSync(file, original.replace(mutant.find, () => mutant.replace));
  const { failed } = await run(mutant.test, [mutant.shows]);
  writeFileSync(file, original);
  const killed = failed.some((name) => name.includes(mutant.shows));
  console.log(`${killed ? 'red      ' : 'SURVIVED '} ${mutant.name.padEnd(52)} ${mutant.test}: ${mutant.shows}`);
  return killed;
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** Runs tests of one file of the copy, by parts of their names; names of those that passed and failed. */
function run(test: string, parts: readonly string[]): Promise<{ passed: readonly string[]; failed: readonly string[] }> {
  const report = path.join(copy, 'report.json');
  rmSync(report, { force: true });
  const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|');
  const args = ['node_modules/vitest/vitest.mjs', 'run', test, '-t', pattern, '--reporter=json', `--outputFile=${report}`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy, timeout: 180_000, env: { ...process.env, CI: '' } }, () => {
      const tests = readReport(report).testResults.flatMap((file) => file.assertionResults);
      const named = (wanted: string): string[] =>
        tests.filter(({ status }) => status === wanted).map(({ fullName }) => fullName);
      resolve({ passed: named('passed'), failed: named('failed') });
    });
  });
}

/** A mutant that does not even load leaves no test in the report: it is not killed by a test. */
function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    return { testResults: [] };
  }
}
