import { InstrumentTable } from '../../../../src/model/instruments.ts';
import type { Decoded, DecoderContext, Message, MessageDecoder } from '../../../../src/sources/kafka/decoders/decoder.ts';
import { createDecoder } from '../../../../src/sources/kafka/decoders/registry.ts';
import { TickColumns } from '../../../../src/sources/tick-columns.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import type { OracleTick } from '../../scan/record-oracle.ts';

type Values = Parameters<typeof createDecoder>[0]['values'];

const lane = {
  name: '', source: '', generation: 1, pausable: true, complete: false, fromPosition: 0, storedUntilMs: 0,
};

export interface MessageParts {
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** What stands around the value in the same bytes. */
  readonly before?: string | Buffer;
  readonly behind?: string | Buffer;
}

/** A message among others, its key somewhere before its value. */
export function messageOf({ key = null, value, before = '\u0000', behind = '\u0000' }: MessageParts): Message {
  const parts = ['\u0001', key ?? '', before, value ?? '', behind].map((part) => Buffer.from(part as string));
  const valueStart = parts[0].length + parts[1].length + parts[2].length;
  return {
    bytes: Buffer.concat(parts),
    keyStart: key === null ? -1 : 1,
    keyEnd: key === null ? -1 : 1 + parts[1].length,
    valueStart: value === null ? -1 : valueStart,
    valueEnd: value === null ? -1 : valueStart + parts[3].length,
  };
}

/** A decoder with settings of its own, and columns to decode into. */
export class Decoding {
  readonly instruments = new InstrumentTable();
  readonly clock = new VirtualClock();
  readonly abort = new AbortController();
  readonly troubles: string[] = [];
  readonly decoder: MessageDecoder;
  readonly #ids: Values['ids'];
  columns: TickColumns;

  constructor(values: Partial<Values> = {}, capacity = 8) {
    const all: Values = {
      format: 'json', fields: {}, event_time_unit: 'ms', symbol_from: 'field', venue: 'home', symbol: null, ids: 'unique',
      schema_registry_url: null, schema_registry_username: null, schema_registry_password: null, ...values,
    };
    const context: DecoderContext<Values> = {
      source: 'ticks', values: all, instruments: this.instruments, clock: this.clock, abort: this.abort.signal,
      onTrouble: (message) => { this.troubles.push(message); },
    };
    this.decoder = createDecoder(context);
    this.#ids = all.ids;
    this.columns = new TickColumns(capacity, this.#ids);
  }

  /** Room for so many rows more, in columns of their own. */
  makeRoom(rows: number): void {
    this.columns = new TickColumns(rows, this.#ids);
  }

  decode(parts: MessageParts): Decoded {
    return this.decoder.decode(messageOf(parts), this.columns);
  }

  /** Decodes messages that can be read at once. */
  take(...messages: readonly MessageParts[]): void {
    for (const parts of messages) {
      const decoded = this.decode(parts);
      if (decoded !== null) throw new Error(`not read: ${JSON.stringify(decoded)}`);
    }
  }

  /** The ticks of the columns from row `from` on. */
  ticks(from = 0): OracleTick[] {
    const ticks: OracleTick[] = [];
    const batch = this.columns.finish({ lane, receivedTimeMs: 0, nextPosition: 1, atLogEnd: false });
    for (let row = from; row < (batch?.length ?? 0); row++) {
      ticks.push({
        price: batch!.price[row], size: batch!.size[row], eventTimeMs: batch!.eventTimeMs[row], side: batch!.side[row],
        venue: this.instruments.venue(batch!.instrument[row]), symbol: this.instruments.symbol(batch!.instrument[row]),
        tradeId: batch!.tradeId?.[row] ?? null,
      });
    }
    return ticks;
  }
}

/** Gives the message again until it is decided. */
export async function decodeWith(own: Decoding, parts: MessageParts): Promise<unknown> {
  for (;;) {
    const decoded = own.decode(parts);
    if (!(decoded instanceof Promise)) return decoded;
    await decoded;
  }
}
