/**
 * Prints what a test run left out and why, and the closing line. Arguments: vitest's JSON report, and the exit codes of the
 * checks and of vitest. Ends with 1 when anything failed, and with CI=true when anything was left out.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const [reportPath, checked, tested] = process.argv.slice(2);
const report = readReport(reportPath);
const leftOut = (report?.testResults ?? []).flatMap((file) => file.assertionResults
  .filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo')
  .map(({ fullName }) => `${path.relative(process.cwd(), file.name)}: ${fullName}`));
// A file that did not load has no tests in the report: it counts as one failure.
const filesBroken = (report?.testResults ?? []).filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const checksFailed = checked === '0' ? 0 : 1;
let failed = (report?.numFailedTests ?? 0) + filesBroken.length + checksFailed;
if (failed === 0 && tested !== '0') failed = 1;

if (leftOut.length > 0) {
  console.log(`\nLEFT OUT on this machine, ${leftOut.length}:`);
  for (const name of leftOut) console.log(`  - ${name}`);
}
if (checksFailed > 0) console.log('\nFAILED: types or lint; see above.');
for (const file of filesBroken) console.log(`\nFAILED to load: ${path.relative(process.cwd(), file.name)}`);
const leftOutInCi = process.env['CI'] === 'true' && leftOut.length > 0;
if (leftOutInCi) console.log('\nFAILED: with CI=true nothing may be left out.');
console.log(`\n${report?.numPassedTests ?? 0} passed, ${failed} failed, ${leftOut.length} skipped`);
process.exitCode = failed > 0 || leftOutInCi ? 1 : 0;

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    console.log('\nFAILED: the test runner left no report.');
    return null;
  }
}
