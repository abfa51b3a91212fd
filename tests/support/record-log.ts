import { ofOneLane } from '../../src/model/lane.ts';
import type { InstrumentTable } from '../../src/model/instruments.ts';
import type { Gap } from '../../src/model/gap.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import type { Source } from '../../src/sources/source.ts';
import type { LogGap, LogRecord, LogTick } from '../oracle/log.ts';
import { laneOf } from './batches.ts';

/** Reads a source to its end and writes down what it gave, in the oracle's words. */
export async function recordLog(
  source: Source, instruments: InstrumentTable, log: { readonly startTimeMs: number; readonly complete: boolean },
): Promise<readonly LogRecord[]> {
  const { startTimeMs, complete } = log;
  const lane = laneOf({ complete });
  const resume = { ...ofOneLane, take: async () => ({ lane, position: 0, lastRecordHash: null, startTimeMs, newestEventTimeMs: null }) };
  const records: LogRecord[] = [];
  let nextPosition = 0;
  for await (const item of source.read(resume, new AbortController().signal)) {
    if (item.kind === 'gap') {
      records.push(gapRecord(item, instruments));
      continue;
    }
    for (let index = 0; index < item.length; index++) records.push(tickRecord(item, index, instruments));
    for (const { position, reason } of item.rejects) records.push({ kind: 'reject', position, reason });
    nextPosition = item.nextPosition;
  }
  return complete ? [...records, { kind: 'end', position: nextPosition }] : records;
}

function tickRecord(batch: TickBatch, index: number, instruments: InstrumentTable): LogTick {
  const instrument = batch.instrument[index];
  return {
    kind: 'tick', position: batch.position[index],
    venue: instruments.venue(instrument), symbol: instruments.symbol(instrument),
    price: batch.price[index], size: batch.size[index],
    side: (['unknown', 'buy', 'sell'] as const)[batch.side[index]],
    eventTimeMs: batch.eventTimeMs[index],
    tradeId: batch.tradeId?.[index] ?? null,
    logTimeMs: batch.logTimeMs?.[index] ?? null,
    receivedTimeMs: batch.receivedTimeMs,
    offMarket: batch.offMarket?.[index] === 1,
  };
}

function gapRecord(gap: Gap, instruments: InstrumentTable): LogGap {
  const { position, fromMs, untilMs, reason, barSpec = null } = gap;
  return {
    kind: 'gap', position, fromMs, untilMs, reason, barSpec,
    venue: gap.venue === 'all' ? 'all' : instruments.venueName(gap.venue),
    symbols: gap.instruments === 'all' ? 'all' : [...gap.instruments].map((one) => instruments.symbol(one)),
  };
}
