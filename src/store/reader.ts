import type { Database } from '../postgres.ts';
import { readBars } from './bars.ts';
import type { FilledBar } from './fill.ts';
import { readGaps } from './gaps.ts';
import { qualityInWords, readIndicators, stateInWords } from './indicators.ts';
import type { StoredBar, StoreReader } from './reads.ts';
import { asking } from './store-error.ts';
import { readSymbols } from './symbols.ts';

/**
 * Reads for the HTTP API, on a pool of their own so that they never starve the sink. A query ends when its client has
 * gone or its deadline passes. Rejects with an MdpError.
 */
export function createStoreReader(database: Database, deadlineMs: number): StoreReader {
  return {
    bars: (query, abort) => asking(async () => (await readBars(database, { deadlineMs, abort }, query)).map(inWords)),
    symbols: (query, abort) => asking(() => readSymbols(database, { deadlineMs, abort }, query)),
    indicators: (query, abort) => asking(() => readIndicators(database, { deadlineMs, abort }, query)),
    gaps: (query, abort) => asking(() => readGaps(database, { deadlineMs, abort }, query)),
  };
}

function inWords(bar: FilledBar): StoredBar {
  return { ...bar, quality: qualityInWords(bar.quality), state: stateInWords(bar.state) };
}
