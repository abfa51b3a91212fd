import type { Settings } from '../model/setting.ts';
import { syntheticSettings } from '../sources/synthetic/settings.ts';

/** Fragments whose components have not landed yet. */
export const storeSettings = {
  retention: { type: 'text-map', default: {}, doc: 'Pending.' },
  compression: { type: 'text-map', default: {}, doc: 'Pending.' },
} as const satisfies Settings;

export const sourceTypes = {
  synthetic: { settings: syntheticSettings },
} as const satisfies { [type: string]: { settings: Settings } };
