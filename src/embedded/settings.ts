import type { Settings } from '../model/setting.ts';

export const embeddedSettings = {
  data_dir: {
    type: 'text', default: 'data', env: 'DATA_DIR',
    doc: 'Directory of the embedded TimescaleDB, which runs when store.url is empty. Never for production.',
  },
  port: {
    type: 'integer', default: 0, min: 0, max: 65_535,
    doc: 'Port of the embedded TimescaleDB on 127.0.0.1; 0: any free one. Its URL stands in <data_dir>/embedded.json.',
  },
} as const satisfies Settings;
