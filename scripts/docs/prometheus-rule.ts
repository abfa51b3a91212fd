import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';

const head = `# Made by \`./scripts/dev.sh docs\` of monitoring/alerts.yml. Change that, not this file.
`;

/**
 * The alerts as the Prometheus operator takes them: the same groups, in an object of the cluster. `path` is that of
 * monitoring/alerts.yml.
 */
export function prometheusRule(path: string): string {
  const { groups }: { groups: unknown } = parse(readFileSync(path, 'utf8'));
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule',
    metadata: { name: 'mdp', labels: { 'app.kubernetes.io/name': 'mdp', release: 'prometheus' } },
    spec: { groups },
  };
  return head + stringify(rule, { lineWidth: 120 });
}
