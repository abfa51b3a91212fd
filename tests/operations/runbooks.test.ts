import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { alertRules, load, read } from '../packaging/files.ts';
import { manifestsOf, one } from '../packaging/manifests.ts';

const page = 'docs/troubleshooting.md';

/** What a runbook lacks: an entry for each alert with what to see, to look at and to do, and a row for each error code. */
function faultsOf(text: string, alerts: readonly string[], codes: readonly string[]): string[] {
  const entries = new Map([...text.matchAll(/^### (Mdp\w+)\n([^]*?)(?=^#|(?![^]))/gm)].map((match) => [match[1], match[2]]));
  const rows = new Map([...text.matchAll(/^\| \[([a-z-]+)\]\(errors\.md#\1\) \|(.*)\|$/gm)].map((match) => [match[1], match[2]]));
  const incomplete = [...entries].flatMap(([alert, entry]) => ['Symptom', 'Check', 'Fix']
    .filter((part) => !new RegExp(`^- \\*\\*${part}\\.\\*\\* \\S`, 'm').test(entry)).map((part) => `${alert}: no ${part}`));
  const empty = [...rows].filter(([, cells]) => cells.split(' | ').some((cell) => cell.trim() === '') || !cells.includes(' | '));
  const named = [...text.matchAll(/\*(Mdp\w+)\*/g)].map((match) => match[1]);
  return [
    ...alerts.filter((alert) => !entries.has(alert)).map((alert) => `no entry for ${alert}`),
    ...[...entries.keys(), ...named].filter((alert) => !alerts.includes(alert)).map((alert) => `no alert ${alert}`),
    ...incomplete,
    ...codes.filter((code) => !rows.has(code)).map((code) => `no row for ${code}`),
    ...[...rows.keys()].filter((code) => !codes.includes(code)).map((code) => `no code ${code}`),
    ...empty.map(([code]) => `${code}: a check or a fix is missing`),
  ];
}

describe(page, () => {
  it('has symptom, check and fix for every alert, check and fix for every error code, and no other', () => {
    expect(faultsOf(read(page), alertRules().map((rule) => rule.alert), Object.keys(errorCodes))).toEqual([]);
  });

  it('would be caught with an entry too few, too many, or by halves', () => {
    const text = '### MdpA\n\n- **Symptom.** a\n- **Check.** b, see *MdpC*\n\n### MdpB\n\n- **Symptom.** a\n- **Check.** b\n- **Fix.** c\n' +
      '## Codes\n| [one](errors.md#one) | a | b |\n| [two](errors.md#two) | a | |\n';
    expect(faultsOf(text, ['MdpA', 'MdpD'], ['one', 'three'])).toEqual([
      'no entry for MdpD', 'no alert MdpB', 'no alert MdpC', 'MdpA: no Fix', 'no row for three', 'no code two',
      'two: a check or a fix is missing',
    ]);
  });

  it('is where every alert points to, and every recording rule is no alert', () => {
    const wrong = alertRules().filter(({ alert, annotations }) => annotations.runbook !== `${page}#${alert.toLowerCase()}`);
    expect(wrong.map((rule) => rule.alert)).toEqual([]);
  });
});

describe('alerts on what a process may take', () => {
  const expressionOf = (name: string): string => alertRules().find((rule) => rule.alert === name)!.expr;
  const [container] = one(manifestsOf('deploy/base/deployment.yaml'), 'Deployment').spec.template.spec.containers;

  it('fire at nine tenths of the memory that a pod and a container have', () => {
    expect(container.resources?.limits?.['memory']).toBe('512Mi');
    const { services }: { services: Record<string, { mem_limit: string; cpus: number }> } = load('docker-compose.prod.yml');
    expect(services['pipeline']).toMatchObject({ mem_limit: '512m', cpus: 1 });
    expect(expressionOf('MdpMemoryHigh')).toContain('> 0.9 * 512 * 1024 * 1024');
  });

  it('fire at four fifths of the processor that a pod has, and that a container has', () => {
    expect(container.resources?.limits?.['cpu']).toBe('500m');
    expect(expressionOf('MdpCpuHigh')).toMatch(/pod=""\}\[5m\]\) > 0\.8\s.*pod!=""\}\[5m\]\) > 0\.8 \* 0\.5$/);
  });
});
