import type { InstrumentTable } from '../../../model/instruments.ts';
import { side, type TickBatch } from '../../../model/tick-batch.ts';
import { fieldNames } from '../../scan/tick-fields.ts';
import { messageSettings } from './settings.ts';

/** As a source of type kafka reads them unless it is told otherwise. */
const names = fieldNames('', {}, messageSettings.event_time_unit.default);

const sideParts = new Map<number, string>([
  [side.unknown, ''], [side.buy, `"${names.side}":"buy",`], [side.sell, `"${names.side}":"sell",`],
]);

/**
 * Writes ticks as messages that a source of type kafka reads with its default settings as the same ticks: the symbol as
 * key, and a JSON object as value. The counterpart of json.ts.
 */
export class TickMessages {
  readonly #instruments: InstrumentTable;
  readonly #unsaidVenue: string | null;
  /** By instrument: the end of its values. */
  readonly #endings: string[] = [];

  /** Ticks of `unsaidVenue` are written without their venue: the one who reads them knows it. */
  constructor(instruments: InstrumentTable, unsaidVenue: string | null) {
    this.#instruments = instruments;
    this.#unsaidVenue = unsaidVenue;
  }

  key(batch: TickBatch, row: number): string {
    return this.#instruments.symbol(batch.instrument[row]);
  }

  /** Numbers are written with the digits that tell their doubles from all others. */
  value(batch: TickBatch, row: number): string {
    const id = batch.tradeId?.[row];
    const hasId = id !== undefined && !Number.isNaN(id);
    const idPart = hasId ? `"${names.trade_id}":${JSON.stringify(id)},` : '';
    const instrument = batch.instrument[row];
    return `{${idPart}"${names.event_time}":${batch.eventTimeMs[row]},${sideParts.get(batch.side[row])}` +
      `"${names.price}":${batch.price[row]},"${names.size}":${batch.size[row]},` +
      (this.#endings[instrument] ??= this.#endingOf(instrument));
  }

  #endingOf(instrument: number): string {
    const venue = this.#instruments.venue(instrument);
    const venuePart = venue === this.#unsaidVenue ? '' : `,"${names.venue}":${JSON.stringify(venue)}`;
    return `"${names.symbol}":${JSON.stringify(this.#instruments.symbol(instrument))}${venuePart}}`;
  }
}
