/**
 * Asks the registry of npm whether a package that the program ships has a known weakness of severity high or above. Ends with 1
 * when there is one. A registry that does not answer such questions (many mirrors do not) is no weakness: that is said loudly, and
 * the exit code is 0.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

interface Report {
  readonly auditReportVersion?: number;
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly metadata?: { readonly dependencies: { readonly prod: number } };
}

const grave: ReadonlySet<string> = new Set(['high', 'critical']);
const args = ['audit', '--omit=dev', '--audit-level=high', '--json'];
const timeoutMs = 120_000;

const answer = spawnSync('npm', args, {
  cwd: path.resolve(import.meta.dirname, '..'), encoding: 'utf8', timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'],
});
const report = parsed(answer.stdout ?? '');
if (report === null) sayNotAudited();
else judge(report);

/** Null where the registry gave none. */
function parsed(text: string): Report | null {
  try {
    const report = JSON.parse(text) as Report;
    return report.auditReportVersion === 2 && report.vulnerabilities !== undefined ? report : null;
  } catch {
    return null;
  }
}

function judge({ vulnerabilities = {}, metadata }: Report): void {
  const weak = Object.entries(vulnerabilities).filter(([, { severity }]) => grave.has(severity));
  for (const [name, { severity, range }] of weak) console.log(`${severity.padEnd(8)} ${name} ${range}`);
  const asked = metadata === undefined ? 'All packages' : `${metadata.dependencies.prod} packages`;
  console.log(weak.length === 0 ? `${asked} were looked up: none has a known weakness of severity high or above.`
    : `${weak.length} packages have a known weakness: take a version without it, or say in docs/security.md why it cannot reach us.`);
  process.exitCode = weak.length === 0 ? 0 : 1;
}

function sayNotAudited(): void {
  const why = /npm (?:warn audit|error) (.+)/.exec(answer.stderr ?? '')?.[1] ?? answer.error?.message ?? 'it gave no report';
  const words = `NOT AUDITED: the registry that npm is configured with does not say which packages have a known weakness (${why}).`;
  const line = '='.repeat(100);
  console.log(`${line}\n${words}\nRun it where a registry answers before you publish.\n${line}`);
  if (process.env['GITHUB_ACTIONS'] === 'true') console.log(`::warning title=Packages are not audited::${words}`);
}
