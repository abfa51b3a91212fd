import type { Settings } from '../model/setting.ts';

/** Fragments whose components have not landed yet. */
export const storeSettings = {
  retention: { type: 'text-map', default: {}, doc: 'Pending.' },
  compression: { type: 'text-map', default: {}, doc: 'Pending.' },
} as const satisfies Settings;
