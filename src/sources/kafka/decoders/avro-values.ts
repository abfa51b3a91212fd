import type { EventTimeUnit } from '../../scan/event-time.ts';

/** A time whose schema says in which unit it counts from 1970 UTC. */
export class LogicalTime {
  readonly text: string;
  readonly unit: EventTimeUnit;

  constructor(text: string, unit: EventTimeUnit) {
    this.text = text;
    this.unit = unit;
  }
}

/** What stands in the branch of a union; other values as they are. */
export function unwrapped(value: unknown): unknown {
  const isBranch = typeof value === 'object' && value !== null && 'unwrap' in value && typeof value.unwrap === 'function';
  return isBranch ? (value as { unwrap(): unknown }).unwrap() : value;
}
