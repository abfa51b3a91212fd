import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/kafka/client.ts';
import { Autoscaler, type AutoscalerSettings, type Measured, type ScalingRules } from '../../support/autoscaler.ts';
import { groupLog } from '../../support/faults/group-log.ts';
import { GroupTrial } from '../../support/faults/group-trial.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { TestPrometheus, whyNoPrometheus } from '../../support/prometheus.ts';
import { reached } from '../../support/reached.ts';
import type { TopicRecord } from '../../support/kafka-feed.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka() ?? whyNoPrometheus();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

/** A minute of the cluster is three seconds here. */
const timesFaster = 20;
/** What one process reads at most. */
const perSecond = 150;
const partitions = 6;
const bounds = { minReplicas: 1, maxReplicas: 4 } as const;
/** Records a second, all partitions together, for so many seconds: a morning, the opening, an afternoon. */
const load = [
  { perSecond: 60, seconds: 5 }, { perSecond: 400, seconds: 22 }, { perSecond: 40, seconds: 45 },
] as const;

interface ScaledObject {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly pollingInterval: number;
    readonly advanced: { readonly horizontalPodAutoscalerConfig: { readonly behavior: Record<'scaleUp' | 'scaleDown', ScalingRules> } };
    readonly triggers: readonly { readonly name: string; readonly metadata: Readonly<Record<string, string>> }[];
  };
}

const manifest = parse(
  readFileSync(path.join(import.meta.dirname, '../../../deploy/components/autoscaling/scaled-object.yaml'), 'utf8')) as ScaledObject;
const { pollingInterval, triggers, advanced } = manifest.spec;
const thresholdOf = (name: string): number => {
  const { threshold, lagThreshold } = triggers.find((trigger) => trigger.name === name)!.metadata;
  return Number(threshold ?? lagThreshold);
};
/** Commits come twice between two looks, as in the cluster. */
const commitMs = pollingInterval * 1_000 / timesFaster / 2;
/** Of the cluster: the lag that a pod is for, in what it reads between two commits. */
const lagInCommits = thresholdOf('lag') / (Number(manifest.metadata.annotations['mdp/records-per-second-of-a-pod']) * pollingInterval / 2);

function settings(): AutoscalerSettings {
  const faster = ({ stabilizationWindowSeconds, policies }: ScalingRules): ScalingRules => ({
    stabilizationWindowSeconds: stabilizationWindowSeconds / timesFaster,
    policies: policies.map(({ value, periodSeconds }) => ({ value, periodSeconds: periodSeconds / timesFaster })),
  });
  const { scaleUp, scaleDown } = advanced.horizontalPodAutoscalerConfig.behavior;
  return { ...bounds, scaleUp: faster(scaleUp), scaleDown: faster(scaleDown) };
}

describe('who decides how many pods there are', () => {
  const rules = (stabilizationWindowSeconds: number, value: number, periodSeconds: number): ScalingRules =>
    ({ stabilizationWindowSeconds, policies: [{ value, periodSeconds }] });
  const autoscaler = (): Autoscaler => new Autoscaler({ minReplicas: 1, maxReplicas: 6, scaleUp: rules(0, 2, 60), scaleDown: rules(300, 1, 60) });
  const measured = (value: number | null): Measured[] => [{ value, threshold: 10 }];

  it('asks for a pod for each threshold that is begun, within the bounds and the policies', () => {
    const scaler = autoscaler();
    expect(scaler.decide(0, 1, measured(41)), 'two at a time').toBe(3);
    expect(scaler.decide(30, 3, measured(41)), 'not yet again').toBe(3);
    expect(scaler.decide(61, 3, measured(41))).toBe(5);
    expect(scaler.decide(130, 5, measured(1_000)), 'the bound').toBe(6);
  });

  it('goes down only on what was asked for in the whole window, and not on what nobody could measure', () => {
    const scaler = autoscaler();
    expect(scaler.decide(0, 4, measured(40))).toBe(4);
    expect(scaler.decide(100, 4, measured(5))).toBe(4);
    expect(scaler.decide(301, 4, [...measured(5), ...measured(null)])).toBe(4);
    expect(scaler.decide(602, 4, measured(5))).toBe(3);
    expect(scaler.decide(630, 3, measured(5)), 'one a minute').toBe(3);
  });
});

describe.skipIf(why !== null)(`processes that come and go with the load, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let prometheus: TestPrometheus;
  let ground: TrialGround;
  let group: GroupTrial | null = null;

  beforeAll(async () => {
    [postgres, kafka, prometheus] = await Promise.all([
      TestPostgres.start(journalOptions), TestKafka.start(), TestPrometheus.start(),
    ]);
    ground = await prepareGround(postgres);
  });
  afterEach(() => group?.dispose());
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose(), prometheus.dispose()]);
  });

  /** Records behind the offsets that the group has committed: what KEDA asks the brokers. */
  async function lagOf(name: string, admin: ReturnType<ReturnType<typeof createClient>['admin']>): Promise<number> {
    const [ends, committed] = await Promise.all([
      admin.fetchTopicOffsets(name), admin.fetchOffsets({ groupId: name, topics: [name] }),
    ]);
    const at = new Map(committed[0].partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - (at.get(partition) ?? 0), 0);
  }

  it('are as many as KEDA\'s formula asks for: lag and depth recover, nothing flaps, and every row is the oracle\'s', async () => {
    group = await GroupTrial.begin({
      ground, kafka, seed, name: 'scaled', partitions, records: 10, perSecond,
      sections: { checkpoint: { interval_ms: commitMs } },
    });
    const { name } = group;
    const logs = group.feeds.map((feed, partition) => groupLog({ seed: seed + partition, records: 3_000, venue: `${name}-${partition}` })
      .slice(feed.end));
    const feeding = feedAll(group, logs);
    const admin = createClient({ values: clientValues(kafka.bootstrap), log: () => {} }).admin();
    await admin.connect();
    await group.joinAll(1);
    const scaler = new Autoscaler(settings());
    const counts: number[] = [];
    const lags: number[] = [];
    let fed = false;
    void feeding.then(() => { fed = true; });
    let slowestLookMs = 0;
    const startedAtMs = performance.now();
    while (!fed) {
      const members = [...group.members];
      const lookedAtMs = performance.now();
      prometheus.scrape(await Promise.all(members.map((run) => run.daemon.ready())));
      const depth = await prometheus.value(`sum(avg_over_time(mdp_sink_queue_depth{pipeline="${group.trial.name}"}[3s]))`);
      const lag = await lagOf(name, admin);
      const wanted = scaler.decide((performance.now() - startedAtMs) / 1_000, members.length, [
        { value: depth, threshold: thresholdOf('sink-queue') },
        { value: lag, threshold: lagInCommits * perSecond * commitMs / 1_000 },
      ]);
      counts.push(members.length);
      lags.push(lag);
      slowestLookMs = Math.max(slowestLookMs, performance.now() - lookedAtMs);
      for (let more = members.length; more < wanted; more++) await group.join();
      for (const run of members.slice(0, Math.max(0, members.length - wanted))) expect(await group.end(run)).toBe(0);
      await wait(pollingInterval * 1_000 / timesFaster);
    }
    const latestMs = await feeding;
    await admin.disconnect();
    // A machine that is too busy for a day that is twenty times as fast shows nothing of how pods are scaled.
    reached('a load that comes when it is due', latestMs < 1_000);
    reached('looks at the brokers and at Prometheus as quick as they are in a cluster', slowestLookMs < 1_500);
    const told = `processes ${counts.join(' ')}; lag ${lags.join(' ')}`;
    expect(Math.max(...counts), told).toBeGreaterThanOrEqual(3);
    expect(turnsOf(counts), `up once and down once: ${told}`).toEqual(['up', 'down']);
    expect(counts.at(-1), told).toBe(1);
    expect(lags.at(-1), told).toBeLessThan(perSecond);
    await group.peace({ faults: 1, readAgain: false });
  });
});

/** Writes what the load says, a quarter of a second at a time. Returns by how much it was late at most, ms. */
async function feedAll(group: GroupTrial, logs: readonly (readonly TopicRecord[])[]): Promise<number> {
  const written = logs.map(() => 0);
  const startedAtMs = performance.now();
  let latestMs = 0;
  let dueMs = 0;
  for (const { perSecond: rate, seconds } of load) {
    for (let step = 0; step < seconds * 4; step++) {
      const count = Math.round(rate / 4 / partitions);
      for (const [partition, feed] of group.feeds.entries()) {
        await feed.write(logs[partition].slice(written[partition], written[partition] += count));
      }
      dueMs += 250;
      const earlyMs = startedAtMs + dueMs - performance.now();
      latestMs = Math.max(latestMs, -earlyMs);
      await wait(Math.max(0, earlyMs));
    }
  }
  return latestMs;
}

/** The directions in which a count went, one after the other. */
function turnsOf(counts: readonly number[]): string[] {
  const turns: string[] = [];
  for (const [index, count] of counts.entries()) {
    const turn = index === 0 || count === counts[index - 1] ? null : count > counts[index - 1] ? 'up' : 'down';
    if (turn !== null && turn !== turns.at(-1)) turns.push(turn);
  }
  return turns;
}

function clientValues(bootstrap: string): Parameters<typeof createClient>[0]['values'] {
  return {
    brokers: [bootstrap], client_id: 'keda', connect_timeout_ms: 5_000, request_timeout_ms: 10_000,
    sasl: { mechanism: 'none', username: null, password: null },
    ssl: { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true },
  };
}
