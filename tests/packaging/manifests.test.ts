import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Secret, Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { shutdownSettings } from '../../src/lifecycle.ts';
import { queueSettings } from '../../src/queues/settings.ts';
import { serverSettings } from '../../src/server/settings.ts';
import { load, read, root } from './files.ts';

interface Kind {
  readonly model: new (data: never) => { validate(): void };
  /** Its interface, and the module that exports it. */
  readonly type: string;
  readonly module: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  Deployment: { model: Deployment, type: 'IDeployment', module: 'kubernetes-models/apps/v1' },
  Service: { model: Service, type: 'IService', module: 'kubernetes-models/v1' },
  Secret: { model: Secret, type: 'ISecret', module: 'kubernetes-models/v1' },
  ScaledObject: { model: ScaledObject, type: 'IScaledObject', module: '@kubernetes-models/keda/keda.sh/v1alpha1' },
};

type Manifest = { readonly kind: string };
/** Read by kubectl and by the program, not kept by the cluster. */
const otherFiles = ['kustomization.yaml', 'config.yaml'];
const manifests = new Map(readdirSync(path.join(root, 'deploy')).filter((file) => !otherFiles.includes(file))
  .map((file) => [file, load<Manifest>(`deploy/${file}`)] as const));

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly [string, string] } } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Probe { readonly httpGet: { readonly path: string; readonly port: string } }
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
}

const pod = (manifests.get('deployment.yaml') as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
const [container] = pod.containers;

describe('the manifests of deploy/', () => {
  for (const [file, manifest] of manifests) {
    it(`${file} fits the schema of its kind`, () => {
      const { model: Model } = kinds[manifest.kind]!;
      expect(() => new Model(manifest as never).validate()).not.toThrow();
    });
  }

  it('have no field that their kind does not know', () => {
    expect(typeFaults([...manifests.values()])).toBe('');
  });

  it('would be caught with a field that their kind does not know', () => {
    const misspelt = { ...manifests.get('service.yaml')!, spec: { ports: [{ port: 80, tragetPort: 'http' }] } };
    expect(typeFaults([misspelt])).toContain('tragetPort');
  });

  it('are listed in kustomization.yaml, but for the one that is made by hand', () => {
    const text = read('deploy/kustomization.yaml');
    const unlisted = [...manifests.keys()].filter((file) => !text.includes(`- ${file}`));
    expect(unlisted).toEqual(['secret.example.yaml']);
  });
});

describe('the deployment', () => {
  it('leaves time to drain before the process is killed', () => {
    const preStopSeconds = Number(container.lifecycle.preStop.exec.command[1]);
    const overlay = load<{ shutdown: { timeout_ms: number } }>('deploy/config.yaml');
    expect(overlay.shutdown.timeout_ms).toBe(shutdownSettings.timeout_ms.default);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(preStopSeconds * 1000 + overlay.shutdown.timeout_ms);
  });

  it('is probed at the port and at the paths that the server has', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: serverSettings.port.default }]);
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
  });

  it('runs as nobody in particular and writes only to its volumes', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
    const mounted = container.volumeMounts.map((mount) => mount.name);
    expect(mounted.toSorted()).toEqual(pod.volumes.map((volume) => volume.name).toSorted());
  });

  it('reads each secret from the file that its volume holds', () => {
    const { stringData } = load<{ stringData: Record<string, string> }>('deploy/secret.example.yaml');
    const folder = container.volumeMounts.find((mount) => mount.name === 'secrets')!.mountPath;
    const files = container.env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
    expect(files.toSorted()).toEqual(Object.keys(stringData).map((key) => `${folder}/${key}`).toSorted());
  });

  it('is scaled at a depth that its queue can reach', () => {
    const { spec } = load<{ spec: { triggers: [{ metadata: Record<string, string> }] } }>('deploy/keda-scaledobject.yaml');
    const { threshold, query, ignoreNullValues } = spec.triggers[0].metadata;
    expect(Number(threshold)).toBeLessThan(queueSettings.sink_queue_max.default);
    expect(query).toContain('mdp_sink_queue_depth');
    expect(ignoreNullValues).toBe('false');
  });
});

describe('the same fact in several files', () => {
  it('is one version of Node', () => {
    const pinned = /^node_version=(.+)$/m.exec(read('scripts/dev.sh'))![1];
    expect([...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)].map((match) => match[1])).toEqual([pinned, pinned]);
  });

  it('is one job name in prometheus.yml and in the alert on it', () => {
    const { scrape_configs: jobs } = load<{ scrape_configs: { job_name: string }[] }>('monitoring/prometheus.yml');
    expect(jobs.map((job) => job.job_name)).toContain('mdp');
    expect(read('monitoring/alerts.yml')).toContain('up{job="mdp"}');
  });

  it('is one data source in the provisioning and on the dashboard', () => {
    interface Provisioning { readonly datasources: readonly { readonly uid: string }[] }
    interface Templating { readonly templating: { readonly list: readonly { readonly current: { readonly value: unknown } }[] } }
    const { datasources } = load<Provisioning>('monitoring/grafana/provisioning/datasources/prometheus.yaml');
    const { templating } = load<Templating>('monitoring/grafana-dashboard.json');
    expect(templating.list[0]!.current.value).toBe(datasources[0]!.uid);
  });

  it('is one pipeline name in the overlay and in the query that scales it', () => {
    const { name } = load<{ name: string }>('deploy/config.yaml');
    expect(read('deploy/keda-scaledobject.yaml')).toContain(`pipeline="${name}"`);
  });
});

/** What the type checker says of manifests written down as literals of their interfaces: it knows every field. */
function typeFaults(documents: readonly Manifest[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-manifests-'));
  try {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const lines = documents.flatMap((manifest, index) => {
      const { type, module } = kinds[manifest.kind]!;
      return [`import type { ${type} as T${index} } from '${module}';`, `export const m${index}: T${index} = ${JSON.stringify(manifest)};`];
    });
    writeFileSync(path.join(folder, 'manifests.ts'), lines.join('\n'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    execFileSync(path.join(root, 'node_modules/.bin/tsc'), [...options, 'manifests.ts'], { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
