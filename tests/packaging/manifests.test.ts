import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { prometheusRule } from '../../scripts/docs/prometheus-rule.ts';
import { load, read, root } from './files.ts';
import type { Manifest } from './kinds.ts';
import {
  cannotRender, manifestsIn, manifestsOf, one, render, renderText, schemaFaults, typeFaults,
} from './manifests.ts';

const folders = ['base', 'migration', 'overlays/production', 'overlays/one-lane'].map((folder) => `deploy/${folder}`);
const examples = readdirSync(path.join(root, 'deploy/examples')).map((file) => `deploy/examples/${file}`);
/** Not part of any overlay. */
const alternative = manifestsOf('deploy/components/autoscaling-hpa/horizontal-pod-autoscaler.yaml');

describe.skipIf(cannotRender)('what deploy/ renders to (by kubectl or kustomize)', () => {
  const rendered = new Map(cannotRender ? [] : folders.map((folder) => [folder, render(folder)]));
  const all = [...rendered.values()].flat();

  for (const folder of folders) {
    it(`${folder} fits the schemas of its kinds`, async () => {
      expect(await schemaFaults(rendered.get(folder)!)).toEqual([]);
    });
  }

  it('has no field that its kind does not know', () => {
    const texts = new Set([...all, ...alternative].map((manifest) => JSON.stringify(manifest)));
    expect(typeFaults([...texts].map((text) => JSON.parse(text)))).toBe('');
  });

  it('is refused where a kustomization names what is not there', () => {
    expect(() => renderText('deploy/components')).toThrow(/kustomization/);
  });

  it('takes in every file of deploy/, but for the examples', () => {
    const kinds = new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    const files = readdirSync(path.join(root, 'deploy'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml') && !file.startsWith('examples') && !file.startsWith('.'))
      .map((file) => `deploy/${file}`);
    const unused = files.filter((file) => manifestsOf(file).some((manifest) => (
      'apiVersion' in manifest && !['Component', 'Kustomization', 'HorizontalPodAutoscaler'].includes(manifest.kind)
      && !kinds.has(`${manifest.kind} ${manifest.metadata.name}`))));
    expect(files.length).toBeGreaterThan(15);
    expect(unused).toEqual([]);
  });

  it('goes into one namespace, and the cluster keeps that to restricted pods', () => {
    const production = rendered.get('deploy/overlays/production')!;
    const namespace = one(production, 'Namespace');
    expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const elsewhere = production.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'mdp');
    expect(elsewhere).toEqual([]);
  });

  it('has the dashboard as it is, small enough for a ConfigMap', () => {
    const { data } = one(all, 'ConfigMap', 'mdp-dashboard');
    expect(data['mdp.json']).toBe(read('monitoring/grafana-dashboard.json'));
    expect(data['mdp.json'].length).toBeLessThan(1_000_000);
  });
});

describe('the examples', () => {
  for (const file of examples) {
    it(`${file} fits the schemas of its kinds`, async () => {
      expect(await schemaFaults(manifestsOf(file))).toEqual([]);
    });
  }

  it('have no field that their kind does not know', () => {
    expect(typeFaults(examples.flatMap(manifestsOf))).toBe('');
  });

  it('of secrets all make the Secret that the pods mount, with the keys that they read', () => {
    const keys = Object.keys(one(manifestsOf('deploy/examples/secret.yaml'), 'Secret').stringData);
    for (const file of examples.filter((name) => name.includes('external-secrets'))) {
      const manifests = manifestsOf(file);
      const { spec, metadata } = one(manifests, 'ExternalSecret');
      expect([spec.target.name, metadata.namespace]).toEqual(['mdp-secrets', 'mdp']);
      const named = spec.data?.map((entry) => entry.secretKey) ?? keys.filter((key) => read(file).includes(key));
      expect(named).toEqual(keys);
      const store = one(manifests, 'SecretStore');
      expect(spec).toMatchObject({ secretStoreRef: { kind: 'SecretStore', name: store.metadata.name } });
    }
  });
});

describe('a fault that is planted', () => {
  const service = (): Manifest => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'planted' } });

  it('is seen: a field that the kind does not know', () => {
    const misspelt = Object.assign(service(), { spec: { ports: [{ port: 80, tragetPort: 'http' }] } });
    expect(typeFaults([misspelt])).toContain('tragetPort');
  });

  it('is seen: a value of another type, in a kind of each package', async () => {
    const faulty = manifestsIn([
      'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: eighty }] }',
      'apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: b }\n'
        + 'spec: { maxReplicaCount: many, scaleTargetRef: { name: b }, triggers: [] }',
      'apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: { name: c }\n'
        + 'spec: { endpoints: 1, selector: {} }',
      'apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: { name: d }\nspec: { provider: vault }',
    ].join('\n---\n'));
    const faults = await schemaFaults(faulty);
    const places = faults.map((fault) => fault.split(':')[0]);
    expect(places).toEqual(['Service a', 'ScaledObject b', 'ServiceMonitor c', 'SecretStore d']);
  });

  it('is seen: a kind that does not exist', async () => {
    expect(await schemaFaults([{ ...service(), kind: 'Sevrice' }])).toEqual(['Sevrice planted: v1 has no such kind']);
  });
});

describe('the alerts in the cluster', () => {
  const file = 'deploy/components/monitoring/prometheus-rule.yaml';

  it('are those of monitoring/alerts.yml; `./scripts/dev.sh docs` makes them anew', () => {
    expect(read(file)).toBe(prometheusRule(path.join(root, 'monitoring/alerts.yml')));
  });

  it('have the same groups, rule for rule', () => {
    const { groups }: { groups: unknown } = load('monitoring/alerts.yml');
    expect(one(manifestsOf(file), 'PrometheusRule').spec.groups).toEqual(groups);
  });
});
