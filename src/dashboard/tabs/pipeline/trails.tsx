import { useState } from 'react';
import type { PipelineStatus } from '../../../model/status.ts';
import { quantity } from '../../format.ts';
import { flowOf } from './rates.ts';

interface Point {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}

const spanMs = 300_000;
const trails = ['Ticks in, /s', 'Rows stored, /s', 'Op queue, batches', 'Sink queue, batches'] as const;

/** Kept while the page is open: who comes back to the tab finds what was looked at. */
let kept: readonly Point[] = [];

function keep(now: PipelineStatus, before: PipelineStatus | null): readonly Point[] {
  if (kept.at(-1)?.atMs === now.nowMs) return kept;
  const { received, committed, op, sink } = flowOf(now, before);
  kept = [...kept.filter(({ atMs }) => atMs > now.nowMs - spanMs && atMs < now.nowMs),
    { atMs: now.nowMs, values: [received, committed, op.depth, sink.depth] }];
  return kept;
}

/** The last five minutes, as far as this tab has looked. */
export function Trails({ now, before }: { readonly now: PipelineStatus; readonly before: PipelineStatus | null }) {
  const [points, setPoints] = useState<readonly Point[]>(kept);
  if (points.at(-1)?.atMs !== now.nowMs) setPoints(keep(now, before));
  return (
    <section className="panel trails" aria-label="The last five minutes">
      {trails.map((title, index) => {
        const values = points.flatMap((point) => {
          const value = point.values[index];
          return value === null ? [] : [{ atMs: point.atMs, value }];
        });
        const highest = Math.max(0, ...values.map(({ value }) => value));
        return (
          <figure key={title}>
            <figcaption>{title} <b>{values.length === 0 ? '–' : quantity(Math.round(values.at(-1)!.value))}</b>
              <span className="quiet">highest {quantity(Math.round(highest))}</span></figcaption>
            <svg viewBox={`0 0 ${spanMs} 100`} preserveAspectRatio="none" aria-hidden="true">
              <path d={pathOf(values, now.nowMs, highest)} />
            </svg>
          </figure>
        );
      })}
    </section>
  );
}

function pathOf(values: readonly { readonly atMs: number; readonly value: number }[], nowMs: number, highest: number): string {
  return values.map(({ atMs, value }, index) => {
    const [x, y] = [spanMs - (nowMs - atMs), 96 - (highest === 0 ? 0 : (value / highest) * 90)];
    return `${index === 0 ? 'M' : 'L'}${x} ${y.toFixed(1)}`;
  }).join('');
}
