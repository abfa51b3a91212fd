import { spawnSync } from 'node:child_process';
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
import { watchdogSettings } from '../../src/telemetry/settings.ts';
import { load, read, root } from './files.ts';

interface Kind {
  /** Throws when the manifest breaks a rule of the schema. */
  readonly validate: (manifest: ReturnType<typeof load>) => void;
  /** Its interface, and the module that exports it. */
  readonly type: string;
  readonly module: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  Deployment: {
    validate: (manifest) => new Deployment(manifest).validate(),
    type: 'IDeployment', module: 'kubernetes-models/apps/v1',
  },
  Service: {
    validate: (manifest) => new Service(manifest).validate(),
    type: 'IService', module: 'kubernetes-models/v1',
  },
  Secret: {
    validate: (manifest) => new Secret(manifest).validate(),
    type: 'ISecret', module: 'kubernetes-models/v1',
  },
  ScaledObject: {
    validate: (manifest) => new ScaledObject(manifest).validate(),
    type: 'IScaledObject', module: '@kubernetes-models/keda/keda.sh/v1alpha1',
  },
};

interface Manifest { readonly kind: string }
/** Read by kubectl and by the program, not kept by the cluster. */
const otherFiles = ['kustomization.yaml', 'config.yaml'];
const manifests = new Map<string, Manifest>(readdirSync(path.join(root, 'deploy'))
  .filter((file) => !otherFiles.includes(file))
  .map((file) => [file, load(`deploy/${file}`)]));

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
}

const deployment: { spec: { template: { spec: PodSpec } } } = load('deploy/deployment.yaml');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

describe('the manifests of deploy/', () => {
  for (const [file, manifest] of manifests) {
    it(`${file} fits the schema of its kind`, () => {
      expect(() => kinds[manifest.kind].validate(manifest)).not.toThrow();
    });
  }

  it('have no field that their kind does not know', () => {
    expect(typeFaults([...manifests.values()])).toBe('');
  });

  it('would be caught with a field that their kind does not know', () => {
    const misspelt = { kind: 'Service', spec: { ports: [{ port: 80, tragetPort: 'http' }] } };
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
    const overlay: { shutdown: { timeout_ms: number } } = load('deploy/config.yaml');
    expect(overlay.shutdown.timeout_ms).toBe(shutdownSettings.timeout_ms.default);
    const neededSeconds = preStopSeconds + overlay.shutdown.timeout_ms / 1000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(neededSeconds);
  });

  it('is probed at the port and at the paths that the server has', () => {
    expect(container.ports).toEqual([{ name: 'http', containerPort: serverSettings.port.default }]);
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
  });

  it('is left alone by its probe until the watchdog has said where a loop stands that stands still', () => {
    const { periodSeconds, failureThreshold } = container.livenessProbe;
    const probedMs = 1_000 * (periodSeconds * failureThreshold + pod.terminationGracePeriodSeconds);
    expect(probedMs).toBeGreaterThan(watchdogSettings.stall_ms.default);
  });

  it('gets no settings but its own from the environment', () => {
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('runs as nobody in particular and writes only to its volumes', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    const expected = { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false };
    expect(container.securityContext).toMatchObject(expected);
    const mounted = container.volumeMounts.map((mount) => mount.name);
    expect(mounted.toSorted()).toEqual(pod.volumes.map((volume) => volume.name).toSorted());
  });

  it('reads each secret from the file that its volume holds', () => {
    const { stringData }: { stringData: Record<string, string> } = load('deploy/secret.example.yaml');
    const folder = container.volumeMounts.find((mount) => mount.name === 'secrets')!.mountPath;
    const files = container.env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
    expect(files.toSorted()).toEqual(Object.keys(stringData).map((key) => `${folder}/${key}`).toSorted());
  });

  it('is scaled at a depth that its queue can reach', () => {
    const scaling: { spec: { triggers: { metadata: Record<string, string> }[] } } = load('deploy/keda-scaledobject.yaml');
    const { threshold, query, ignoreNullValues } = scaling.spec.triggers[0].metadata;
    expect(Number(threshold)).toBeLessThan(queueSettings.sink_queue_max.default);
    expect(query).toContain('mdp_sink_queue_depth');
    expect(ignoreNullValues).toBe('false');
  });
});

describe('docker-compose.yaml', () => {
  it('leaves time to drain before the process is killed', () => {
    const { services }: { services: { pipeline: { stop_grace_period: string } } } = load('docker-compose.yaml');
    const graceMs = 1_000 * Number(services.pipeline.stop_grace_period.replace(/s$/, ''));
    expect(graceMs).toBeGreaterThan(shutdownSettings.timeout_ms.default);
  });
});

describe('the same fact in several files', () => {
  it('is one version of Node', () => {
    const pinned = /^node_version=(.+)$/m.exec(read('scripts/dev.sh'))![1];
    const images = [...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)];
    expect(images.map((match) => match[1])).toEqual([pinned, pinned]);
  });

  it('is one job name in prometheus.yml and in the alert on it', () => {
    const prometheus: { scrape_configs: { job_name: string }[] } = load('monitoring/prometheus.yml');
    expect(prometheus.scrape_configs.map((job) => job.job_name)).toContain('mdp');
    expect(read('monitoring/alerts.yml')).toContain('up{job="mdp"}');
  });

  it('is one data source in the provisioning and on the dashboard', () => {
    interface Provisioning { readonly datasources: readonly { readonly uid: string }[] }
    const { datasources }: Provisioning = load('monitoring/grafana/provisioning/datasources/prometheus.yaml');
    const file = 'monitoring/grafana-dashboard.json';
    const dashboard: { templating: { list: { current: { value: unknown } }[] } } = load(file);
    expect(dashboard.templating.list[0].current.value).toBe(datasources[0].uid);
  });

  it('is one pipeline name in the overlay and in the query that scales it', () => {
    const { name }: { name: string } = load('deploy/config.yaml');
    expect(read('deploy/keda-scaledobject.yaml')).toContain(`pipeline="${name}"`);
  });
});

/** What the type checker says of manifests as literals of their interfaces: it knows every field. */
function typeFaults(documents: readonly Manifest[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-manifests-'));
  try {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const lines = documents.flatMap((manifest, index) => {
      const { type, module } = kinds[manifest.kind];
      return [
        `import type { ${type} as T${index} } from '${module}';`,
        `export const m${index}: T${index} = ${JSON.stringify(manifest)};`,
      ];
    });
    writeFileSync(path.join(folder, 'manifests.ts'), lines.join('\n'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    const args = [...options, 'manifests.ts'];
    const { status, stdout } = spawnSync(compiler, args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? '' : `exit code ${status}\n${stdout}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
