import type avro from 'avsc';
import { MdpError, messageOf } from '../../../errors.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Fault } from '../../scan/tick-judge.ts';
import type { DecoderContext } from './decoder.ts';
import { SchemaRegistry, type RegisteredSchema, type RegistryAddress } from './schema-registry.ts';

/** Waits before the next attempt: from the first to the last, doubled each time. */
const retryMs = { first: 500, last: 30_000 };
/** So long a schema that the registry has not, or that cannot be used, is not asked for again. */
const faultMs = 10_000;
/** Damaged messages name any of four billion ids; each takes some kilobytes where there is a schema. */
const schemasMax = 1_000;
/** A schema may use types of others, which use types of others. */
const referencesMax = 100;

interface NotUsable {
  readonly fault: Fault;
  readonly untilMs: number;
}

/** The schemas of messages by their id, as far as they were needed yet. */
export class AvroSchemas {
  readonly #registry: SchemaRegistry;
  readonly #clock: Clock;
  readonly #abort: AbortSignal;
  readonly #onTrouble: (message: string) => void;
  readonly #known = new Map<number, avro.Type | NotUsable>();
  readonly #fetching = new Map<number, Promise<void>>();

  constructor(address: RegistryAddress, { clock, abort, onTrouble }: Pick<DecoderContext, 'clock' | 'abort' | 'onTrouble'>) {
    this.#registry = new SchemaRegistry(address);
    this.#clock = clock;
    this.#abort = abort;
    this.#onTrouble = onTrouble;
  }

  /**
   * How messages of schema `id` are read, or why they cannot be; a promise where that must be found out first. It
   * resolves when it is worth asking again, or `abort` has fired, and rejects with an MdpError where the registry
   * refuses us.
   */
  get(id: number): avro.Type | Fault | Promise<void> {
    const known = this.#known.get(id);
    if (known !== undefined && !('fault' in known)) return known;
    if (known !== undefined && this.#clock.nowMs() < known.untilMs) return known.fault;
    const fetching = this.#fetching.get(id) ?? this.#fetch(id).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching;
  }

  async #fetch(id: number): Promise<void> {
    for (let waitMs = retryMs.first; !this.#abort.aborted; waitMs = Math.min(waitMs * 2, retryMs.last)) {
      try {
        const found = await this.#load(id);
        if (this.#known.size >= schemasMax) this.#known.clear();
        this.#known.set(id, typeof found === 'string' ? this.#notUsable(found) : found);
        return;
      } catch (error) {
        if (error instanceof MdpError) throw error;
        if (this.#abort.aborted) return;
        this.#onTrouble(`Schema ${id} cannot be fetched, and is tried again: ${messageOf(error)}`);
        await this.#clock.wait(waitMs, this.#abort);
      }
    }
  }

  /** A text says why messages of this schema cannot be read. */
  async #load(id: number): Promise<avro.Type | string> {
    const found = await this.#registry.byId(id, this.#abort);
    if (found === null) return `the schema registry has no schema ${id}, which the message names`;
    const schemas = await this.#withReferences(found);
    const other = schemas.find(({ schemaType }) => schemaType !== 'AVRO');
    if (other !== undefined) return `schema ${id} of the message is not Avro, but ${other.schemaType}`;
    const { readingType } = await import('./avro-types.ts'); // 9 MB that who reads no Avro need not have.
    const named: Record<string, avro.Type> = {};
    try {
      return schemas.map(({ schema }) => readingType(schema, named)).at(-1)!;
    } catch (error) {
      return `schema ${id} of the message cannot be used: ${messageOf(error)}`;
    }
  }

  /** The schema behind those whose types it uses. Without those beyond the bound it cannot be used. */
  async #withReferences(schema: RegisteredSchema): Promise<readonly RegisteredSchema[]> {
    const seen = new Set<string>();
    const visit = async (of: RegisteredSchema): Promise<readonly RegisteredSchema[]> => {
      const used: RegisteredSchema[] = [];
      for (const reference of of.references) {
        const place = `${reference.subject} ${reference.version}`;
        if (seen.has(place) || seen.size === referencesMax) continue;
        seen.add(place);
        const found = await this.#registry.byVersion(reference, this.#abort);
        if (found !== null) used.push(...await visit(found));
      }
      return [...used, of];
    };
    return visit(schema);
  }

  #notUsable(message: string): NotUsable {
    return { fault: { reason: 'malformed', message }, untilMs: this.#clock.nowMs() + faultMs };
  }
}
