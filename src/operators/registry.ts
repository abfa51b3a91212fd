import { createTimeBars } from './time-bars.ts';

/** Every operator that a lane can have, by name. */
export const operatorTypes = {
  'time-bars': createTimeBars,
} as const;
