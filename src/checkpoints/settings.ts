import type { Settings } from '../model/setting.ts';

export const checkpointSettings = {
  interval_ms: {
    type: 'integer', default: 10_000, min: 100, max: 3_600_000,
    doc: 'Time between two checkpoints of a lane that has changed, in ms. Used once checkpoints exist.',
  },
} as const satisfies Settings;
