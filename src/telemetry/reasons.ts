import type { GapReason } from '../model/gap.ts';
import type { SinkStatus } from '../model/status.ts';
import type { RejectReason } from '../model/tick-batch.ts';

/*
 * What can be counted, so that every series is there at zero from the start: an alert on a rate sees the first
 * event. The records make the compiler name a reason that is missing here.
 */
export const rejectReasons = Object.keys({
  'malformed': 0, 'missing-field': 0, 'bad-price': 0, 'bad-size': 0, 'bad-side': 0, 'bad-time': 0,
  'bad-symbol': 0, 'bad-trade-id': 0, 'too-long': 0, 'future-skew': 0, 'time-jump': 0,
} satisfies Record<RejectReason, 0>);

export const gapReasons = Object.keys({
  'venue-outage': 0, 'disconnect': 0, 'restart': 0, 'dropped-batch': 0, 'dropped-rows': 0, 'deleted-records': 0,
} satisfies Record<GapReason, 0>);

export const sinkFailureKinds = [
  'unavailable', 'unknown', 'too-large', 'bad-row', 'lane-lost', 'misconfigured',
] as const;

export const droppedTickReasons = [
  'op-queue/oldest', 'op-queue/newest', 'op-queue/forced-end', 'op-queue/overtaken', 'op-queue/lane-lost',
  'held/overtaken', 'held/lane-lost',
] as const;

/** What the pool gives up itself; what a full queue gives up before is `queue-full` or named after its policy. */
const poolDropReasons = ['lane-lost', 'forced-end', 'sink-failed', 'dead-letter-refused'] as const;
export const droppedRowReasons = ['sink-queue/oldest', 'sink-queue/newest', ...poolDropReasons] as const;
export const droppedBatchReasons = ['queue-full', ...poolDropReasons] as const;

/** In the order of their numbers in mdp_sink_breaker_state. */
export const breakerStates: readonly SinkStatus['breaker'][] = ['closed', 'half-open', 'open'];
