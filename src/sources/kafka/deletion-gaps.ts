import type { Gap } from '../../model/gap.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane } from '../../model/lane.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import type { HeldPartition } from './held-partition.ts';

/**
 * The gap that records leave which were deleted before they were read: of each venue that the lane knew, from its
 * watermark until the first tick that is there. Nothing where nothing was deleted, or this batch has no tick.
 */
export function deletionGaps(
  { deletion, next }: HeldPartition, lane: Lane, batch: TickBatch, instruments: InstrumentTable,
): Gap[] {
  if (deletion === null || batch.length === 0) return [];
  const firstMs = batch.eventTimeMs.subarray(0, batch.length).reduce((least, timeMs) => Math.min(least, timeMs), Infinity);
  const ticksLost = next - deletion.position;
  return [...deletion.knownUntilMs ?? []].map(([venue, fromMs], index) => ({
    kind: 'gap', lane, position: batch.position[0] - 1, instruments: 'all', venue: instruments.venueIndex(venue), fromMs,
    untilMs: Math.max(Math.ceil(firstMs), fromMs + 1), reason: 'deleted-records', ticksLost: index === 0 ? ticksLost : 0,
  }));
}
