import type { Settings } from '../model/setting.ts';

export const deadLetterSettings = {
  max_retries: {
    type: 'integer', default: 10, min: 0, max: 1_000, env: 'MAX_RETRIES',
    doc: 'How often a dead letter may be replayed and refused before `mdp dead-letters replay` asks for --force.',
  },
  degraded_share: {
    // Feeds have single bad records; one in twenty is a wrong setting or a broken producer.
    type: 'number', default: 0.05, min: 0, max: 1,
    doc: 'Share of the records of a lane within window_ms that may be rejected, from 0 to 1; with more of them health ' +
      'is degraded.',
  },
  window_ms: {
    type: 'integer', default: 60_000, min: 5_000, max: 3_600_000,
    doc: 'Stretch of time in which bad input is counted for health, in milliseconds.',
  },
} as const satisfies Settings;
