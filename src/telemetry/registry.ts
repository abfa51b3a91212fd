import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Clock } from '../model/clock.ts';
import type { LiveStatus } from '../model/live.ts';
import type { PipelineStatus } from '../model/status.ts';
import type { AlertCounts, HighWater, LabelName, Metric, Sample } from './metric.ts';
import { metrics } from './metrics.ts';
import type { EventLoopStatus } from './watchdog.ts';

/** What the metrics are read from. */
export interface Measured {
  status(): PipelineStatus;
  /** Greatest depth since the last call, in batches, lanes added up. */
  takeHighWater(): HighWater;
  /** How the event loop turned; absent or null where no watchdog looks. */
  eventLoop?(): EventLoopStatus | null;
  /** Absent or null where there are no rules. */
  alerts?(): AlertCounts | null;
  /** The live hub; absent or null where there is none. */
  live?(): LiveStatus | null;
}

const nobodyLooks: LiveStatus = {
  clients: 0, subscriptions: 0, messages: 0, snapshots: { subscribe: 0, resync: 0, slow: 0 },
};

export interface MetricRegistryOptions {
  readonly pipeline: string;
  readonly version: string;
  readonly operator: string;
  /** Names of the sinks: their histograms are there before the first commit. */
  readonly sinks: readonly string[];
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Of the process: memory, CPU, event loop, garbage collection. They begin to be measured with the registry. */
  readonly processMetrics: boolean;
}

/** Prometheus scrapes every 15 to 60 s: each of several scrapers sees each peak at least once. */
const highWaterKeptMs = 60_000;

/**
 * How late the event loop turns is ours to measure (heartbeat.ts): Node's own samples wake an idle process twenty times a
 * second where they come every 50 ms. prom-client cannot leave them out; once a day they cost nothing.
 */
const nodesLag = { prefix: 'nodejs_eventloop_lag', sampleMs: 86_400_000 };

interface Peak extends HighWater {
  readonly atMs: number;
}

function higher(peak: Peak, other: HighWater): Peak {
  return { atMs: peak.atMs, op: Math.max(peak.op, other.op), sink: Math.max(peak.sink, other.sink) };
}

/** The declared metrics as prom-client keeps and prints them. */
export class MetricRegistry {
  readonly #options: MetricRegistryOptions;
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #lastCounts = new Map<string, number>();
  #peaks: Peak[] = [];

  constructor(options: MetricRegistryOptions) {
    this.#options = options;
    this.#registry.setDefaultLabels({ pipeline: options.pipeline });
    for (const metric of metrics) this.#create(metric);
    for (const sink of options.sinks) this.#zeroHistograms({ sink });
    if (options.processMetrics) this.#createProcessMetrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text that Prometheus reads. Scrapes may overlap and come from several scrapers. */
  async scrape(measured: Measured): Promise<string> {
    const { operator, version } = this.#options;
    const view = {
      status: measured.status(), highWater: this.#highWater(measured.takeHighWater()),
      stalledMs: measured.eventLoop?.()?.stalledMs ?? 0, live: measured.live?.() ?? nobodyLooks, operator, version,
      alerts: measured.alerts?.() ?? { rules: 0, deliveries: {} },
    };
    for (const metric of metrics) {
      if (metric.kind === 'counter') this.#count(metric.name, metric.read(view));
      if (metric.kind === 'gauge') this.#set(metric.name, metric.read(view));
    }
    return this.#registry.metrics();
  }

  /** Adds one observation, in seconds, to a declared histogram. */
  observe(name: string, labels: Sample['labels'], seconds: number): void {
    const histogram = this.#histograms.get(name);
    if (histogram === undefined) throw new RangeError(`There is no histogram ${name}; declare it in metrics.ts.`);
    histogram.observe({ ...labels }, seconds);
  }

  #create(metric: Metric): void {
    const options = {
      name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [this.#registry],
    };
    switch (metric.kind) {
      case 'counter': this.#counters.set(metric.name, new Counter<LabelName>(options)); return;
      case 'gauge': this.#gauges.set(metric.name, new Gauge<LabelName>(options)); return;
      case 'histogram':
        this.#histograms.set(metric.name, new Histogram<LabelName>({ ...options, buckets: [...metric.buckets] }));
    }
  }

  #createProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: nodesLag.sampleMs });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (name.startsWith(nodesLag.prefix)) this.#registry.removeSingleMetric(name);
    }
  }

  /**
   * The pipeline counts, prom-client is told what was added since. A part that has less than before has begun anew
   * (a lane went and came back): all of it is added, so that no series ever falls.
   */
  #count(name: string, samples: readonly Sample[]): void {
    const counter = this.#counters.get(name)!;
    for (const { labels, value, part } of samples) {
      const key = JSON.stringify([name, labels, part]);
      const last = this.#lastCounts.get(key) ?? 0;
      if (value < last && part === undefined) continue;
      counter.inc({ ...labels }, value < last ? value : value - last);
      this.#lastCounts.set(key, value);
    }
  }

  /** A gauge shows what is there now: a lane that is gone is gone. */
  #set(name: string, samples: readonly Sample[]): void {
    const gauge = this.#gauges.get(name)!;
    gauge.reset();
    for (const { labels, value } of samples) gauge.inc({ ...labels }, value);
  }

  #zeroHistograms(labels: { readonly sink: string }): void {
    for (const { kind, name, labels: labelNames } of metrics) {
      if (kind === 'histogram' && labelNames.join() === 'sink') this.#histograms.get(name)!.zero(labels);
    }
  }

  /** One peak a second is kept, however often somebody scrapes. */
  #highWater(sinceLast: HighWater): HighWater {
    const nowMs = this.#options.clock.nowMs();
    const last = this.#peaks.at(-1);
    this.#peaks = this.#peaks.filter(({ atMs }) => nowMs - atMs < highWaterKeptMs);
    if (last !== undefined && nowMs - last.atMs < 1_000) this.#peaks.splice(-1, 1, higher(last, sinceLast));
    else this.#peaks.push({ atMs: nowMs, ...sinceLast });
    return this.#peaks.reduce(higher);
  }
}
