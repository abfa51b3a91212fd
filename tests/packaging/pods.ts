import type { Manifest } from './kinds.ts';

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources: Readonly<Record<'requests' | 'limits', { readonly cpu: string; readonly memory: string }>>;
  readonly securityContext: Readonly<Record<string, unknown>> & { readonly capabilities?: unknown };
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly startupProbe: Probe;
}

interface Spread {
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
  readonly labelSelector: Selector;
}

export interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: boolean;
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string }; readonly secret?: { readonly secretName: string };
    readonly emptyDir?: unknown; readonly hostPath?: unknown;
  }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly affinity: { readonly podAntiAffinity: { readonly preferredDuringSchedulingIgnoredDuringExecution: readonly {
    readonly podAffinityTerm: { readonly topologyKey: string; readonly labelSelector: Selector };
  }[] } };
  readonly topologySpreadConstraints: readonly Spread[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

/** A Deployment or a Job, as far as the tests look. */
export interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly strategy: { readonly type: string; readonly rollingUpdate?: Readonly<Record<string, number>> };
    readonly selector: Selector;
    readonly template: PodTemplate;
  };
}

const mebibyte = 1_048_576;

/** A quantity of memory as Kubernetes writes it, such as 512Mi, in bytes. */
export function memoryBytes(quantity: string): number {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity)!;
  return Number(number) * { Ki: 1_024, Mi: mebibyte, Gi: 1_024 * mebibyte }[unit]!;
}

/** What of a pod the Pod Security Standard "restricted" does not let in. */
export function podSecurityFaults({ spec }: PodTemplate): string[] {
  const [container] = spec.containers;
  const own = container.securityContext;
  return [
    ...(spec.securityContext['runAsNonRoot'] === true ? [] : ['it may be root']),
    ...(spec.securityContext['runAsUser'] === 0 ? ['it is root'] : []),
    ...(isSame(spec.securityContext['seccompProfile'], { type: 'RuntimeDefault' }) ? [] : ['it has no seccomp profile']),
    ...(own['allowPrivilegeEscalation'] === false ? [] : ['it may gain rights']),
    ...(isSame(own.capabilities, { drop: ['ALL'] }) ? [] : ['it has capabilities']),
    ...(own['privileged'] === true ? ['it is privileged'] : []),
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => key in spec).map((key) => `it has ${key}`),
    ...spec.volumes.filter((volume) => volume.hostPath !== undefined).map(({ name }) => `${name} is of the node`),
  ];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
