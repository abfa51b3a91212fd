import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Config } from '../../src/config.ts';
import { lateTickBytes } from '../../src/model/rows.ts';
import { load, root } from './files.ts';
import { cannotRender, manifestsOf, one, render } from './manifests.ts';
import { memoryBytes, podSecurityFaults, type PodSpec } from './pods.ts';

const production = cannotRender ? [] : render('deploy/overlays/production');
const plain = cannotRender ? [] : render('deploy/base');
const oneLane = cannotRender ? [] : render('deploy/overlays/one-lane');
const migration = cannotRender ? [] : render('deploy/migration');

const overlays = ['program/config.yaml', 'production/production.yaml']
  .map((file) => path.join(root, 'deploy/components', file));
const environment = {
  API_KEY: 'key', DATABASE_URL: 'postgres://db/bars', KAFKA_SASL_USERNAME: 'mdp', KAFKA_SASL_PASSWORD: 'word',
};
const { config } = loadConfig({ file: path.join(root, 'config.yaml'), overlays, environment });

const scaling = one(manifestsOf('deploy/components/autoscaling/scaled-object.yaml'), 'ScaledObject');
const [bySinkQueue, byLag] = scaling.spec.triggers;
const partitions = Number(scaling.metadata.annotations!['mdp/partitions']);
const autoscaler = one(
  manifestsOf('deploy/components/autoscaling-hpa/horizontal-pod-autoscaler.yaml'), 'HorizontalPodAutoscaler');

/** What the source of the cluster's configuration is set to. */
function kafkaSource(): Extract<Config['sources'][number], { type: 'kafka' }>['values'] {
  const [source] = config.sources;
  if (source.type !== 'kafka') throw new Error('The first source is not of type kafka.');
  return source.values;
}

describe.skipIf(cannotRender)('the pods (by kubectl or kustomize)', () => {
  const deployment = cannotRender ? null! : one(plain, 'Deployment');
  const pod: PodSpec = cannotRender ? null! : deployment.spec.template.spec;
  const container = cannotRender ? null! : pod.containers[0];

  it('leave time to drain before they are killed', () => {
    const preStopSeconds = Number(container.lifecycle.preStop.exec.command[1]);
    expect(container.lifecycle.preStop.exec.command[0]).toBe('sleep');
    const neededSeconds = preStopSeconds + config.shutdown.timeout_ms / 1_000;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(neededSeconds + 5);
  });

  it('are probed at the ports and paths that the server has', () => {
    expect(container.ports).toEqual([
      { name: 'http', containerPort: config.server.port }, { name: 'metrics', containerPort: config.telemetry.metrics_port },
    ]);
    expect(container.startupProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
  });

  it('are left alone by their probe until the watchdog has said where a loop stands that stands still', () => {
    const { periodSeconds, failureThreshold } = container.livenessProbe;
    const probedMs = 1_000 * (periodSeconds * failureThreshold + pod.terminationGracePeriodSeconds);
    expect(probedMs).toBeGreaterThan(config.watchdog.stall_ms);
  });

  it('get no settings but their own from the environment', () => {
    expect(pod.enableServiceLinks).toBe(false);
  });

  it('hold what the daemon may hold at most, even one that has all partitions', () => {
    const idleBytes = 120 * 1_048_576;
    const copiedBytes = 260; // Of a bar, names included.
    const batchBytes = 20_000 * (lateTickBytes + copiedBytes); // The largest row that there are many of, and as it is sent.
    const ofLane = 2 * kafkaSource().max_bytes_per_partition; // As it came, and decoded.
    const mostBytes = idleBytes + partitions * ofLane + config.queues.op_queue_bytes_max + config.queues.sink_queue_bytes_max + config.sink.workers * batchBytes
      + config.kafka.recent_messages.bytes_max;
    expect(memoryBytes(container.resources.limits.memory)).toBeGreaterThan(mostBytes);
    const shared = Math.ceil(partitions / deployment.spec.replicas!);
    expect(memoryBytes(container.resources.requests.memory)).toBeGreaterThan(mostBytes - (partitions - shared) * ofLane);
  });

  it('are asked for as agreed: three of them, 250m and 256Mi, no more than 500m and 512Mi', () => {
    expect(deployment.spec.replicas).toBe(3);
    expect(container.resources).toEqual({
      requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' },
    });
  });

  it('are never fewer during a roll-out, and never more than one beyond their number', () => {
    expect(deployment.spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } });
  });

  it('are one where the source is one lane, and the old one goes first', () => {
    const { replicas, strategy } = one(oneLane, 'Deployment').spec;
    expect([replicas, strategy]).toEqual([1, { type: 'Recreate' }]);
    const overlay: { sources?: unknown } = load('deploy/components/one-lane/config.yaml');
    expect(overlay.sources).toBeUndefined();
  });

  it('write only to their volumes, and mount all of them', () => {
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    const writable = container.volumeMounts.filter((mount) => mount.readOnly !== true).map((mount) => mount.mountPath);
    expect(writable).toEqual(['/data', '/tmp']);
    const mounted = container.volumeMounts.map((mount) => mount.name);
    expect(mounted.toSorted()).toEqual(pod.volumes.map((volume) => volume.name).toSorted());
  });

  it('and the migration are let in by the strictest of the pod security standards', () => {
    const templates = [deployment, one(production, 'Deployment'), one(migration, 'Job')];
    expect(templates.flatMap(({ spec }) => podSecurityFaults(spec.template))).toEqual([]);
    const planted = structuredClone(deployment.spec.template);
    Object.assign(planted.spec.containers[0].securityContext, { capabilities: { add: ['NET_RAW'] } });
    Object.assign(planted.spec, { hostNetwork: true });
    expect(podSecurityFaults(planted)).toEqual(['it has capabilities', 'it has hostNetwork']);
  });

  it('read each secret from the file that their volume holds', () => {
    const { stringData } = one(manifestsOf('deploy/examples/secret.yaml'), 'Secret');
    const { containers: [strict] } = one(production, 'Deployment').spec.template.spec;
    const folder = strict.volumeMounts.find((mount) => mount.name === 'secrets')!.mountPath;
    const files = strict.env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
    expect(files.toSorted()).toEqual(Object.keys(stringData).map((key) => `${folder}/${key}`).toSorted());
  });

  it('are chosen by the Service, the disruption budget, the spread and the anti-affinity; the migration by none', () => {
    const strict = one(production, 'Deployment').spec.template.spec;
    const selectors = [
      one(plain, 'Service').spec.selector,
      ...[one(plain, 'PodDisruptionBudget').spec.selector, deployment.spec.selector,
        ...strict.topologySpreadConstraints.map((spread) => spread.labelSelector),
        ...strict.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution
          .map((term) => term.podAffinityTerm.labelSelector)].map((selector) => selector.matchLabels),
    ];
    const { labels } = deployment.spec.template.metadata;
    const { labels: ofMigration } = one(migration, 'Job').spec.template.metadata;
    expect(selectors.length).toBe(6);
    for (const selector of selectors) {
      expect(labels).toMatchObject(selector);
      expect(ofMigration).not.toMatchObject(selector);
    }
    const spreads = strict.topologySpreadConstraints
      .map(({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`);
    expect(spreads.toSorted())
      .toEqual(['kubernetes.io/hostname DoNotSchedule', 'topology.kubernetes.io/zone ScheduleAnyway']);
  });

  it('run the image that the migration runs, with the same configuration', () => {
    const job = one(migration, 'Job').spec.template.spec;
    expect(job.containers[0].image).toBe(container.image);
    const configOf = ({ volumes }: PodSpec) => volumes.find((volume) => volume.name === 'config')!.configMap!.name;
    expect(configOf(job)).toBe(configOf(pod));
  });

  it('leave their number to whoever scales them', () => {
    expect(one(production, 'Deployment').spec.replicas).toBeUndefined();
    expect(scaling.spec.minReplicaCount).toBe(deployment.spec.replicas);
  });
});

describe('scaling', () => {
  it('can be triggered at every number of pods: full queues ask for one more', () => {
    const { batch_size: rows } = config.pipeline;
    const { sink_queue_max: batches, sink_queue_bytes_max: bytes } = config.queues;
    const batchesMax = Math.min(batches, Math.floor(bytes / (rows * lateTickBytes)));
    for (let pods = scaling.spec.minReplicaCount; pods < scaling.spec.maxReplicaCount; pods += 1) {
      expect(Math.ceil(pods * batchesMax / Number(bySinkQueue.metadata['threshold']))).toBeGreaterThan(pods);
    }
  });

  it('sees the depth of the sink queue of this pipeline, and takes silence for an error', () => {
    expect(bySinkQueue.metadata['query']).toContain(`mdp_sink_queue_depth{pipeline="${config.name}"}`);
    expect(bySinkQueue.metadata['ignoreNullValues']).toBe('false');
    expect(scaling.spec.fallback.replicas).toBeGreaterThanOrEqual(scaling.spec.minReplicaCount);
  });

  it('sends no pod away that is busy, whose records are only not committed yet', () => {
    const recordsPerSecond = Number(scaling.metadata.annotations!['mdp/records-per-second-of-a-pod']);
    const openRecords = recordsPerSecond * config.checkpoint.interval_ms / 1_000;
    expect(Number(byLag.metadata['lagThreshold'])).toBeLessThanOrEqual(0.9 * openRecords);
    expect(Number(byLag.metadata['lagThreshold'])).toBeGreaterThanOrEqual(0.5 * openRecords);
  });

  it('reads the lag of the group and of the topic that the pods read', () => {
    expect(byLag.metadata['consumerGroup']).toBe(kafkaSource().group_id);
    expect(kafkaSource().topics).toEqual([byLag.metadata['topic']]);
    const base = loadConfig({ file: path.join(root, 'config.yaml'), overlays: overlays.slice(0, 1), environment }).config;
    expect(base.kafka.brokers).toEqual([byLag.metadata['bootstrapServers']]);
    if (cannotRender) return;
    const { triggers } = one(production, 'ScaledObject').spec;
    expect(config.kafka.brokers).toEqual([triggers[1].metadata['bootstrapServers']]);
    expect(triggers[1]).toMatchObject({
      metadata: { tls: 'enable', sasl: 'scram_sha512' }, authenticationRef: { name: 'mdp-kafka' },
    });
    expect(config.kafka.sasl.mechanism).toBe('scram-sha-512');
  });

  it('never makes more pods than there are partitions, with KEDA or without', () => {
    expect([scaling.spec.maxReplicaCount, autoscaler.spec.maxReplicas]).toEqual([partitions, partitions]);
    expect(autoscaler.spec.minReplicas).toBe(scaling.spec.minReplicaCount);
    expect(byLag.metadata['allowIdleConsumers']).toBe('false');
  });

  it('sees a commit of every partition between two looks, and brings nobody for one that stands', () => {
    expect(scaling.spec.pollingInterval * 1_000).toBeGreaterThanOrEqual(2 * config.checkpoint.interval_ms);
    expect(byLag).toMatchObject({ useCachedMetrics: true, metadata: { excludePersistentLag: 'true' } });
  });

  it('speaks words that brokers since 4.0 understand', () => {
    const [major, minor] = byLag.metadata['version'].split('.').map(Number);
    expect(major * 1_000 + minor).toBeGreaterThanOrEqual(2_001);
  });

  it('goes down only after a time in which partitions that have moved are at work again', () => {
    const behaviors = [scaling.spec.advanced.horizontalPodAutoscalerConfig.behavior, autoscaler.spec.behavior];
    const { shutdown, checkpoint } = config;
    const settledMs = shutdown.timeout_ms + kafkaSource().session_timeout_ms + 2 * checkpoint.interval_ms;
    for (const { scaleDown } of behaviors) {
      expect(scaleDown.stabilizationWindowSeconds).toBeGreaterThan(settledMs / 1_000 + scaling.spec.pollingInterval);
    }
  });
});
