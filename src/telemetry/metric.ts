import type { LiveStatus } from '../model/live.ts';
import type { PipelineStatus } from '../model/status.ts';

/** All that a metric may be labelled with. Never a symbol: thousands of series would follow. */
export type LabelName =
  | 'source' | 'sink' | 'operator' | 'queue' | 'reason' | 'lane' | 'ledger' | 'origin'
  | 'method' | 'route' | 'status' | 'version' | 'state' | 'outcome';

/** What metrics are read from: one walk through the pipeline per scrape. */
export interface MetricView {
  readonly status: PipelineStatus;
  readonly highWater: HighWater;
  readonly stalledMs: number;
  readonly live: LiveStatus;
  readonly alerts: AlertCounts;
  readonly operator: string;
  readonly version: string;
}

/** What is counted of alerts beside the pipeline. */
export interface AlertCounts {
  /** That ask something, of the whole database. */
  readonly rules: number;
  /** Attempts to call the webhook, by outcome. */
  readonly deliveries: Readonly<Record<string, number>>;
}

/** Greatest depth of the queues of a kind, lanes added up, in batches. */
export interface HighWater {
  readonly op: number;
  readonly sink: number;
}

export interface Sample {
  readonly labels: Readonly<Partial<Record<LabelName, string>>>;
  readonly value: number;
  /** Whose count this is: samples with the same labels are added up, and a part may go and come back at zero. */
  readonly part?: string;
}

export type Read = (view: MetricView) => readonly Sample[];

interface Declared {
  readonly name: string;
  readonly labels: readonly LabelName[];
  readonly help: string;
}

interface ReadMetric extends Declared {
  readonly kind: 'counter' | 'gauge';
  readonly read: Read;
}

/** Observed per batch or per request, by a happening. */
interface ObservedMetric extends Declared {
  readonly kind: 'histogram';
  /** Upper bounds, seconds. */
  readonly buckets: readonly number[];
}

export type Metric = ReadMetric | ObservedMetric;

export function counter(name: string, labels: readonly LabelName[], help: string, read: Read): Metric {
  return { kind: 'counter', name, labels, help, read };
}

export function gauge(name: string, labels: readonly LabelName[], help: string, read: Read): Metric {
  return { kind: 'gauge', name, labels, help, read };
}

export function histogram(
  name: string, labels: readonly LabelName[], help: string, buckets: readonly number[],
): Metric {
  return { kind: 'histogram', name, labels, help, buckets };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
