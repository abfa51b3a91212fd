import type { Selector, Workload } from './pods.ts';

/** An object of a cluster, as far as all of them are alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string; readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface Service extends Manifest {
  readonly spec: { readonly selector: Readonly<Record<string, string>> };
}

interface Secret extends Manifest {
  readonly stringData: Readonly<Record<string, string>>;
}

interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

interface ServiceAccount extends Manifest {
  readonly automountServiceAccountToken: boolean;
}

interface DisruptionBudget extends Manifest {
  readonly spec: { readonly selector: Selector };
}

export interface Behavior {
  readonly scaleDown: { readonly stabilizationWindowSeconds: number };
}

interface ScaledObject extends Manifest {
  readonly spec: {
    readonly minReplicaCount: number; readonly maxReplicaCount: number; readonly pollingInterval: number;
    readonly fallback: { readonly replicas: number };
    readonly advanced: { readonly horizontalPodAutoscalerConfig: { readonly behavior: Behavior } };
    readonly triggers: readonly { readonly name: string; readonly metadata: Readonly<Record<string, string>> }[];
  };
}

interface Autoscaler extends Manifest {
  readonly spec: { readonly minReplicas: number; readonly maxReplicas: number; readonly behavior: Behavior };
}

interface ExternalSecret extends Manifest {
  readonly spec: { readonly target: { readonly name: string }; readonly data?: readonly { readonly secretKey: string }[] };
}

interface Role extends Manifest {
  readonly rules: readonly Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>>[];
}

interface PrometheusRule extends Manifest {
  readonly spec: { readonly groups: unknown };
}

interface ServiceMonitor extends Manifest {
  readonly spec: {
    readonly jobLabel: string;
    readonly endpoints: readonly [{ readonly interval: string; readonly scrapeTimeout: string }];
  };
}

interface Peer {
  readonly namespaceSelector?: Selector;
}

/** What a policy opens. */
export interface Way {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly port: number | string }[];
}

interface NetworkPolicy extends Manifest {
  readonly spec: {
    readonly podSelector: Partial<Selector>; readonly policyTypes: readonly string[];
    readonly ingress?: readonly Way[]; readonly egress?: readonly Way[];
  };
}

interface Ingress extends Manifest {
  readonly spec: {
    readonly tls: readonly { readonly hosts: readonly string[] }[];
    readonly rules: readonly {
      readonly host: string;
      readonly http: { readonly paths: readonly { readonly path: string; readonly pathType: string }[] };
    }[];
  };
}

/** What the tests look at, by kind. The schemas of Kubernetes and of its operators decide what there may be. */
export interface Kinds {
  readonly ConfigMap: ConfigMap;
  readonly ClusterRole: Role;
  readonly Deployment: Workload;
  readonly ExternalSecret: ExternalSecret;
  readonly HorizontalPodAutoscaler: Autoscaler;
  readonly Ingress: Ingress;
  readonly Job: Workload;
  readonly Namespace: Manifest;
  readonly NetworkPolicy: NetworkPolicy;
  readonly PodDisruptionBudget: DisruptionBudget;
  readonly PrometheusRule: PrometheusRule;
  readonly Role: Role;
  readonly ScaledObject: ScaledObject;
  readonly Secret: Secret;
  readonly SecretStore: Manifest;
  readonly Service: Service;
  readonly ServiceAccount: ServiceAccount;
  readonly ServiceMonitor: ServiceMonitor;
}
