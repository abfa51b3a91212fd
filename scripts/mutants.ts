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

for (const entry of ['src', 'tests', 'scripts', 'migrations', 'config', 'config.yaml', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  cpSync(path.join(root, entry), path.join(copy, entry), { recursive: true });
}
symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));

let survivors = 0;
try {
  for (const mutant of chosen) if (!(await isGreen(mutant))) survivors++;
  for (const mutant of chosen) if (!(await isKilled(mutant))) survivors++;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} mutants turned their test red`);
process.exitCode = survivors === 0 ? 0 : 1;

async function isGreen(mutant: Mutant): Promise<boolean> {
  const { passed, failed } = await run(mutant);
  if (passed > 0 && failed.length === 0) return true;
  console.log(`NOT GREEN without a fault: ${mutant.test} "${mutant.shows}" (${passed} passed, ${failed.length} failed)`);
  return false;
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
  const { failed } = await run(mutant);
  writeFileSync(file, original);
  const killed = failed.some((name) => name.includes(mutant.shows));
  console.log(`${killed ? 'red      ' : 'SURVIVED '} ${mutant.name.padEnd(52)} ${mutant.test}: ${mutant.shows}`);
  return killed;
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** Runs the named test of the copy; names of those that failed. */
function run(mutant: Mutant): Promise<{ passed: number; failed: readonly string[] }> {
  const report = path.join(copy, 'report.json');
  rmSync(report, { force: true });
  const name = mutant.shows.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const args = ['node_modules/vitest/vitest.mjs', 'run', mutant.test, '-t', name, '--reporter=json', `--outputFile=${report}`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy, timeout: 180_000, env: { ...process.env, CI: '' } }, () => {
      const tests = readReport(report).testResults.flatMap((file) => file.assertionResults);
      resolve({
        passed: tests.filter(({ status }) => status === 'passed').length,
        failed: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      });
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
