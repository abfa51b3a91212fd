import fc from 'fast-check';
import { dawn, type FoldRig } from './fold-rig.ts';
import type { PlainItem } from './plain-fold.ts';

/* Random logs of ticks and gaps in small steps, as the plain fold reads them. */

export interface Step {
  readonly forwardMs: number;
  readonly backMs: number;
  readonly item: { price: number; size: number; side: number; symbol: string; venue: string; id: number | null };
  readonly gap: { lengthMs: number; isOurs: boolean } | null;
}

export const steps = fc.array(fc.record({
  forwardMs: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 0, max: 900 }) }, fc.integer({ min: 0, max: 40_000 })),
  backMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 16_000 })),
  item: fc.record({
    price: fc.integer({ min: 1, max: 640 }).map((n) => n / 64), size: fc.integer({ min: 1, max: 640 }).map((n) => n / 64),
    side: fc.integer({ min: 0, max: 2 }), symbol: fc.constantFrom('A', 'B', '__proto__'), venue: fc.constantFrom('x', 'y'),
    id: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 3 }),
  }),
  gap: fc.oneof(
    { weight: 25, arbitrary: fc.constant(null) }, fc.record({ lengthMs: fc.integer({ min: -10, max: 9_000 }), isOurs: fc.boolean() })),
}), { maxLength: 250, size: 'max' });

/** Quarters of a millisecond, so that fractions and equal times both come often. */
export function itemsOf(log: readonly Step[]): PlainItem[] {
  let now = 0;
  return log.map(({ forwardMs, backMs, item, gap }) => {
    now += Math.floor(forwardMs) / 4 * (forwardMs % 3);
    if (gap !== null) return { gapFrom: now - backMs, gapUntil: now - backMs + gap.lengthMs, isOurs: gap.isOurs };
    return { ...item, at: now - backMs };
  });
}

/** Folds items cut into batches of the given lengths in turn; a gap stands between batches. */
export function foldInCuts(items: readonly PlainItem[], cuts: readonly number[], rig: FoldRig): FoldRig {
  let batch: Extract<PlainItem, { at: number }>[] = [];
  let turn = 0;
  const close = (): void => {
    if (batch.length > 0) rig.take(batch.map(({ id, ...tick }) => (id === null ? tick : { ...tick, id })));
    batch = [];
    turn++;
  };
  for (const item of items) {
    if ('gapFrom' in item) {
      close();
      rig.takeGap({ fromMs: dawn + item.gapFrom, untilMs: dawn + item.gapUntil, reason: item.isOurs ? 'restart' : 'venue-outage' });
      continue;
    }
    batch.push(item);
    if (batch.length >= cuts[turn % cuts.length]) close();
  }
  close();
  return rig;
}

export const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 250 })), { minLength: 1, maxLength: 5 });
