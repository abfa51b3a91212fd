import type { Settings } from '../model/setting.ts';
import { syntheticSettings } from '../sources/synthetic/settings.ts';

/** Fragments whose components have not landed yet. */
export const barSettings = {
  specs: { type: 'text-list', default: ['1s', '1m', '5m', '15m', '1h', '4h', '1d'], doc: 'Bar specs.' },
} as const satisfies Settings;

export const admissionSettings = {
  out_of_orderness_ms: { type: 'integer', default: 2_000, min: 0, max: 86_400_000, doc: 'Pending.' },
  allowed_lateness_ms: { type: 'integer', default: 10_000, min: 0, max: 86_400_000, doc: 'Pending.' },
  max_future_skew_ms: { type: 'integer', default: 300_000, min: 0, max: 86_400_000, doc: 'Pending.' },
  idle_ms: { type: 'integer', default: 5_000, min: 1, max: 86_400_000, doc: 'Pending.' },
} as const satisfies Settings;

export const storeSettings = {
  retention: { type: 'text-map', default: {}, doc: 'Pending.' },
  compression: { type: 'text-map', default: {}, doc: 'Pending.' },
} as const satisfies Settings;

export const sourceTypes = {
  synthetic: { settings: syntheticSettings },
} as const satisfies { [type: string]: { settings: Settings } };
