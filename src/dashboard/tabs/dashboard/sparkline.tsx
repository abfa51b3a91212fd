import { useEffect, useState } from 'react';
import type { Instrument } from '../../instruments.ts';
import { useFreshness, useSession } from '../../session.tsx';
import type { Session } from '../../session.tsx';
import { Sparks } from './sparks.ts';

const made = new WeakMap<Session, Sparks>();

function sparksOf(session: Session): Sparks {
  const sparks = made.get(session) ?? new Sparks(session.api);
  made.set(session, sparks);
  return sparks;
}

const [width, height] = [120, 20];

/** The closes of the last hour and the price of now. Grey: its shape says how it moved, the change beside it has colour. */
export function Sparkline({ instrument, price }: { readonly instrument: Instrument; readonly price: number | undefined }) {
  const sparks = sparksOf(useSession());
  const freshness = useFreshness();
  const [closes, setCloses] = useState(() => sparks.closesOf(instrument));
  useEffect(() => sparks.want(instrument, () => setCloses(sparks.closesOf(instrument))), [sparks, instrument, freshness]);
  if (closes === undefined || closes.length === 0) return null;
  const points = price === undefined ? closes : [...closes, price];
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={pathOf(points)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function pathOf(points: readonly number[]): string {
  const [low, high] = [Math.min(...points), Math.max(...points)];
  const span = high - low || 1;
  const step = width / Math.max(1, points.length - 1);
  const y = (point: number): number => height - 1.5 - (point - low) / span * (height - 3);
  return points.map((point, index) => `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${y(point).toFixed(1)}`).join('');
}
