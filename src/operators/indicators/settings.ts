import type { Settings } from '../../model/setting.ts';

/** What is computed from closed bars. Key `indicators:` of the file. */
export const indicatorSettings = {
  specs: {
    type: 'text-list', default: [],
    doc: 'Indicators to compute, each NAME(ARGUMENTS)@BARSPEC on the bars of one of bars.specs, such as rsi(14)@1m; ' +
      'docs/indicators.md has them all. Empty: none.',
  },
} as const satisfies Settings;
