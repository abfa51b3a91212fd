import type { Settings } from '../model/setting.ts';

export const deadLetterSettings = {
  max_retries: {
    type: 'integer', default: 10, min: 0, max: 1_000, env: 'MAX_RETRIES',
    doc: 'How often a dead letter may be replayed before it is left for a person. Used once dead letters can be ' +
      'replayed.',
  },
} as const satisfies Settings;
