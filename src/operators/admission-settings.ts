import type { Settings, ValuesOf } from '../model/setting.ts';
import { laneBoundSettings } from './lane-bounds.ts';

/** What admission must know of one source beside `ids`, which its parser declares. */
export const admissionSettings = {
  zero_size: {
    type: 'choice', choices: ['reject', 'accept'], default: 'reject',
    doc: 'Trades of size 0: reject counts them as bad-size, accept lets them set prices and add no volume (some futures ' +
      "feeds have them, and their venue's own bars count them).",
  },
  off_market: {
    type: 'choice', choices: ['exclude', 'include'], default: 'exclude',
    doc: 'Trades that the venue marks as no market trade (block, insurance fund, liquidation hand-over): exclude counts ' +
      'them and leaves them out of bars.',
  },
  nonpositive_price: {
    type: 'choice', choices: ['reject', 'accept'], default: 'reject',
    doc: 'Prices of 0 and below: reject counts them as bad-price, because on nearly every market they are faults of the ' +
      'feed; accept is for spreads and for futures that can fall below 0.',
  },
  ...laneBoundSettings,
} as const satisfies Settings;

type Values = ValuesOf<typeof admissionSettings>;

/** Bounds that are absent are open. */
export type AdmissionSettings = Omit<Values, keyof typeof laneBoundSettings> &
  Partial<Pick<Values, keyof typeof laneBoundSettings>> & {
  readonly ids: 'monotone' | 'unique' | 'absent';
};
