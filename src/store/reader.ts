import type { Database } from '../postgres.ts';
import { readBars } from './bars.ts';
import type { FilledBar } from './fill.ts';
import { readGaps, readSeriesGaps } from './gaps.ts';
import { qualityInWords, readIndicators, stateInWords } from './indicators.ts';
import type { BarQuery, StoredBar, StoreReader } from './reads.ts';
import { childSpecOf, rollingBars } from './rolled-bars.ts';
import { asking } from './store-error.ts';
import { readSymbols } from './symbols.ts';

/**
 * Reads for the HTTP API, on a pool of their own so that they never starve the sink. A query ends when its client has
 * gone or its deadline passes. Rejects with an MdpError. `isPruned`: old bars may be removed.
 */
export function createStoreReader(database: Database, deadlineMs: number, isPruned = false): StoreReader {
  const pageOf = ({ madeFrom: child = null, ...page }: BarQuery): Parameters<typeof readBars>[2] => (
    child === null ? page : { ...page, select: rollingBars({ child, isPruned }) });
  return {
    bars: (query, abort) => asking(async () => (
      await readBars(database, { deadlineMs, abort }, pageOf(query))).map(inWords)),
    madeFrom: (series, abort) => asking(() => childSpecOf(database, { deadlineMs, abort }, series)),
    seriesGaps: (query, abort) => asking(() => readSeriesGaps(database, { deadlineMs, abort }, query)),
    symbols: (query, abort) => asking(() => readSymbols(database, { deadlineMs, abort }, query)),
    indicators: (query, abort) => asking(() => readIndicators(database, { deadlineMs, abort }, query)),
    gaps: (query, abort) => asking(() => readGaps(database, { deadlineMs, abort }, query)),
  };
}

function inWords(bar: FilledBar): StoredBar {
  return { ...bar, quality: qualityInWords(bar.quality), state: stateInWords(bar.state) };
}
