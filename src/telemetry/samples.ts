import type {
  ConsumerStatus, LaneStatus, PipelineStatus, ProducerStatus, QueueStatus, SinkStatus, SourceStatus,
} from '../model/status.ts';
import type { Read, Sample } from './metric.ts';
import { sum } from './metric.ts';
import { droppedBatchReasons, gapReasons } from './reasons.ts';

/*
 * How metrics are read from the status of a pipeline. A counter that lanes keep is read lane by lane, each as a
 * part of its own: a lane that is handed over and comes back at zero does not make the sum fall.
 */

type Counts = Readonly<Record<string, number>>;

export function total(read: (status: PipelineStatus) => number): Read {
  return ({ status }) => [{ labels: {}, value: read(status) }];
}

export function perSource(read: (source: SourceStatus) => number): Read {
  return ({ status }) => status.sources.map((source) => ({ labels: { source: source.name }, value: read(source) }));
}

/** Only sources that read from Kafka. */
export function perConsumer(read: (consumer: ConsumerStatus) => number): Read {
  return ({ status }) => status.sources.flatMap(({ name, consumer }) => (
    consumer === null ? [] : [{ labels: { source: name }, value: read(consumer) }]));
}

/** Only sinks that write to Kafka. */
export function perProducer(read: (producer: ProducerStatus) => number): Read {
  return ({ status }) => status.sink.producers.map((producer) => (
    { labels: { sink: producer.name }, value: read(producer) }));
}

export function perSink(read: (sink: SinkStatus, lanes: readonly LaneStatus[]) => number): Read {
  return ({ status }) => [{ labels: { sink: status.sink.name }, value: read(status.sink, status.lanes) }];
}

/** What was counted, and zero for each reason that is known beforehand. */
export function perReason(read: (status: PipelineStatus) => Counts, known: readonly string[]): Read {
  return ({ status }) => withKnown(read(status), known).map(([reason, value]) => ({ labels: { reason }, value }));
}

export function perSinkReason(read: (sink: SinkStatus) => Counts, known: readonly string[]): Read {
  return ({ status }) => withKnown(read(status.sink), known).map(([reason, value]) => (
    { labels: { sink: status.sink.name, reason }, value }));
}

export function perLane(read: (lane: LaneStatus) => number): Read {
  return ({ status }) => status.lanes.map((lane) => (
    { labels: { source: lane.source, lane: lane.name }, value: read(lane) }));
}

export function perQueue(read: (queue: QueueStatus) => number): Read {
  return ({ status }) => [
    { labels: { queue: 'op' }, value: sum(status.lanes.map((lane) => read(lane.opQueue))) },
    { labels: { queue: 'sink' }, value: sum(status.lanes.map((lane) => read(lane.sinkQueue))) },
  ];
}

export function operatorCount(read: (lane: LaneStatus) => number): Read {
  return ({ status, operator }) => laneParts(status, { operator }, read);
}

/** All lanes together. */
export function laneCount(read: (lane: LaneStatus) => number): Read {
  return ({ status }) => laneParts(status, {}, read);
}

export const operatorBarsByReason: Read = ({ status, operator }) =>
  (['provisional', 'closed', 'revised'] as const).flatMap((reason) =>
    laneParts(status, { operator, reason }, (lane) => lane.barsOutByState[reason]));

export const alertsByState: Read = ({ status }) =>
  (['triggered', 'withdrawn'] as const).flatMap((state) => laneParts(status, { state }, (lane) => lane.alertsOut[state]));

export const gapCounts: Read = ({ status }) =>
  gapReasons.flatMap((reason) => laneParts(status, { reason }, ({ gaps }: { readonly gaps: Partial<Counts> }) =>
    gaps[reason] ?? 0));

export const queueLosses: Read = ({ status }) =>
  (['dropped', 'superseded', 'abandoned', 'refused'] as const).flatMap((reason) => [
    ...laneParts(status, { queue: 'op', reason }, (lane) => lane.opQueue[reason]),
    ...laneParts(status, { queue: 'sink', reason }, (lane) => lane.sinkQueue[reason]),
  ]);

export const droppedBatches: Read = (view) => [
  ...perSinkReason((sink) => sink.droppedBatches, droppedBatchReasons)(view),
  ...laneParts(view.status, { sink: view.status.sink.name, reason: 'queue-full' }, (lane) => lane.sinkQueue.dropped),
];

/** A lane without a watermark yet has no lag. */
export const watermarkLag: Read = ({ status }) => status.lanes.flatMap((lane) => {
  const known = lane.watermarks.flatMap(({ watermarkMs }) =>
    (watermarkMs === null || !Number.isFinite(watermarkMs) ? [] : [watermarkMs]));
  if (known.length === 0) return [];
  const lagMs = status.nowMs - Math.min(...known);
  return [{ labels: { source: lane.source, lane: lane.name }, value: lagMs / 1000 }];
});

/** One part per lane, and a zero so that the series is there before the first lane is. */
function laneParts(
  status: PipelineStatus, labels: Sample['labels'], read: (lane: LaneStatus) => number,
): readonly Sample[] {
  return [{ labels, value: 0 }, ...status.lanes.map((lane) => ({ labels, part: lane.name, value: read(lane) }))];
}

function withKnown(counts: Counts, known: readonly string[]): readonly (readonly [string, number])[] {
  return [...new Set([...known, ...Object.keys(counts)])].map((reason) => [reason, counts[reason] ?? 0]);
}
