import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { root } from './files.ts';
import type { Kinds, Way } from './kinds.ts';
import { cannotRender, manifestsOf, one, render } from './manifests.ts';
import type { PodTemplate } from './pods.ts';

const production = cannotRender ? [] : render('deploy/overlays/production');
const migration = cannotRender ? [] : render('deploy/migration');
/** Kinds that are not named in the plural by one more s. */
const plurals: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies', Ingress: 'ingresses' };
const policy = (name: string): Kinds['NetworkPolicy']['spec'] => (
  one(manifestsOf(`deploy/components/security/${name}.yaml`), 'NetworkPolicy').spec);

/** `namespace:port` of every way that a policy opens. */
function opened(ways: readonly Way[]): string[] {
  return ways.flatMap(({ from, to, ports }) => (from ?? to ?? [{}]).flatMap((peer) => ports.map(({ port }) => (
    `${peer.namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] ?? 'anywhere'}:${port}`))));
}

/** The namespace and the port of `name.namespace.svc:port`. */
function inCluster(address: string): string {
  const [, namespace, port] = /^[\w-]+\.([\w-]+)\.svc:(\d+)$/.exec(address)!;
  return `${namespace}:${port}`;
}

describe('the network policies', () => {
  it('forbid everything to every pod of the namespace', () => {
    const { podSelector, policyTypes, ...ways } = policy('default-deny');
    expect([podSelector, policyTypes, ways]).toEqual([{}, ['Ingress', 'Egress'], {}]);
  });

  it('let in the ingress controller to the API and Prometheus to the metrics, and nobody else', () => {
    expect(opened(policy('allow-ingress').ingress!)).toEqual(['ingress-nginx:http', 'monitoring:metrics']);
  });

  it('let out to names, the database, the brokers and the collector of traces, and nowhere else', () => {
    expect(opened(policy('allow-egress').egress!)).toEqual([
      'kube-system:53', 'kube-system:53', 'databases:5432', 'kafka:9092', 'kafka:9093', 'monitoring:4317', 'monitoring:4318',
    ]);
  });

  it('let out to where the configuration and the example of the Secret point', () => {
    const { stringData } = one(manifestsOf('deploy/examples/secret.yaml'), 'Secret');
    const overlays = ['program/config.yaml', 'production/production.yaml']
      .map((file) => path.join(root, 'deploy/components', file));
    const environment = { API_KEY: 'key', KAFKA_SASL_USERNAME: 'mdp', KAFKA_SASL_PASSWORD: 'word' };
    const file = path.join(root, 'config.yaml');
    const brokers = [1, 2].flatMap((count) => (
      loadConfig({ file, overlays: overlays.slice(0, count), environment }).config.kafka.brokers));
    const needed = [new URL(stringData['database_url']).host, ...brokers].map(inCluster);
    expect(needed).toEqual(['databases:5432', 'kafka:9092', 'kafka:9093']);
    const open = opened(policy('allow-egress').egress!);
    expect(needed.filter((way) => !open.includes(way))).toEqual([]);
  });

  it.skipIf(cannotRender)('choose the pods, and for the way out the migration too (by kubectl or kustomize)', () => {
    const { metadata: { labels } }: PodTemplate = one(production, 'Deployment').spec.template;
    expect(labels).toMatchObject(policy('allow-ingress').podSelector.matchLabels!);
    expect(labels).toMatchObject(policy('allow-egress').podSelector.matchLabels!);
    const ofMigration = one(migration, 'Job').spec.template.metadata.labels;
    expect(ofMigration).toMatchObject(policy('allow-egress').podSelector.matchLabels!);
  });
});

describe.skipIf(cannotRender)('rights in the cluster (by kubectl or kustomize)', () => {
  it('are none for the pods: no Role is bound to them, and no token is in them', () => {
    const all = [...production, ...migration];
    expect(all.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    expect(one(production, 'ServiceAccount').automountServiceAccountToken).toBe(false);
    for (const workload of [one(production, 'Deployment'), one(migration, 'Job')]) {
      expect(workload.spec.template.spec).toMatchObject({ serviceAccountName: 'mdp', automountServiceAccountToken: false });
    }
  });

  it('suffice for who deploys: every kind that is rendered may be made and changed', () => {
    const deployer = manifestsOf('deploy/examples/deployer.yaml');
    const rules = [...one(deployer, 'Role').rules, ...one(deployer, 'ClusterRole').rules];
    const hpa = manifestsOf('deploy/components/autoscaling-hpa/horizontal-pod-autoscaler.yaml');
    const refused = [...production, ...migration, ...hpa].filter(({ apiVersion, kind }) => {
      const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
      const resource = plurals[kind] ?? `${kind.toLowerCase()}s`;
      const verbs = rules.filter((rule) => rule.apiGroups.includes(group) && rule.resources.includes(resource))
        .flatMap((rule) => rule.verbs);
      return !['get', 'patch'].every((verb) => verbs.includes(verb));
    });
    expect(refused.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
    expect(rules.filter((rule) => rule.resources.includes('secrets'))).toEqual([]);
    expect(JSON.stringify(rules)).not.toContain('*');
  });
});

describe('the Ingress', () => {
  const { spec } = one(manifestsOf('deploy/components/ingress/ingress.yaml'), 'Ingress');

  it('has a certificate for each of its names', () => {
    expect(spec.tls.flatMap((each) => each.hosts)).toEqual(spec.rules.map((rule) => rule.host));
  });

  it('leads neither to the metrics nor to the details of health', () => {
    const leadsTo = (target: string) => spec.rules[0].http.paths.some(({ path: prefix, pathType }) => (
      pathType === 'Exact' ? target === prefix : target === prefix || target.startsWith(`${prefix}/`)));
    const targets = ['/', '/api/bars', '/docs', '/health/ready', '/metrics', '/health'];
    expect(targets.filter(leadsTo)).toEqual(['/', '/api/bars', '/docs', '/health/ready']);
  });
});
