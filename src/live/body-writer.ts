import type { Changes } from '../model/stream.ts';

export type ListName = 'bars' | 'values' | 'quotes' | 'trades' | 'gaps' | 'alerts';
export type FieldName = keyof Changes;

const comma = 0x2c;
const closingBracket = 0x5d;
/** In UTF-8 a unit of UTF-16 takes so many bytes at most. */
const bytesOfUnit = 3;

/** The members of `Changes` as JSON, without the braces around them, put together from items that are JSON already. */
export class BodyWriter {
  #bytes = Buffer.allocUnsafe(65_536);
  #length = 0;
  #list: ListName | null = null;
  /** Trades that are not in the body although they came. */
  tradesSkipped = 0;

  start(): void {
    this.#length = 0;
    this.#list = null;
    this.tradesSkipped = 0;
  }

  /** Adds to a list. Items of one list come one after the other. */
  item(list: ListName, json: Buffer | string): void {
    if (this.#list === list) {
      this.#byte(comma);
    } else {
      this.#endList();
      this.#name(list);
      this.#text('[');
      this.#list = list;
    }
    if (typeof json === 'string') this.#encode(json);
    else this.#copy(json);
  }

  field(name: FieldName, json: Buffer): void {
    this.#endList();
    this.#name(name);
    this.#copy(json);
  }

  /** A copy of what was written since `start`; null: nothing was. */
  finish(): Buffer | null {
    if (this.tradesSkipped > 0) this.field('trades_skipped', Buffer.from(String(this.tradesSkipped)));
    this.#endList();
    return this.#length === 0 ? null : Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #endList(): void {
    if (this.#list !== null) this.#byte(closingBracket);
    this.#list = null;
  }

  #name(name: FieldName): void {
    if (this.#length > 0) this.#byte(comma);
    this.#text(`"${name}":`);
  }

  #text(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  #encode(text: string): void {
    this.#reserve(text.length * bytesOfUnit);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #copy(json: Buffer): void {
    this.#reserve(json.length);
    this.#bytes.set(json, this.#length);
    this.#length += json.length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#length + more, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
