import { MdpError, messageOf } from '../../../errors.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Fault } from '../../scan/tick-judge.ts';
import type { DecoderContext } from './decoder.ts';
import { SchemaRegistry, type RegisteredSchema, type RegistryAddress } from './schema-registry.ts';

/** How the schemas of one format are understood. */
export interface SchemaReader<Schema> {
  /** As the registry calls the format, and as people do. */
  readonly schemaType: string;
  readonly name: string;
  /** Loads what understands schemas: who has none need not have its megabytes. */
  load(): Promise<PrepareSchema<Schema>>;
}

/**
 * How messages of the last of these schemas are read, of which fields at `paths` are asked for; those before it declare
 * types that it uses. Throws an error that says why they cannot be read.
 */
export type PrepareSchema<Schema> = (schemas: readonly NamedSchema[], paths: readonly (readonly string[])[]) => Schema;

/** A schema, and the name by which the one that uses its types refers to it: null for that of the message itself. */
export interface NamedSchema extends RegisteredSchema {
  readonly name: string | null;
}

/** Waits before the next attempt: from the first to the last, doubled each time. */
const retryMs = { first: 500, last: 30_000 };
/** So long a schema that the registry has not, or that cannot be used, is not asked for again. */
const faultMs = 10_000;
/** Damaged messages name any of four billion ids; each takes some kilobytes where there is a schema. */
const schemasMax = 1_000;
/** Characters of what a library says of a schema: it may quote half of it, and stands with each message that is refused. */
const wordsMax = 200;
/** A schema may use types of others, which use types of others. */
const referencesMax = 100;

interface Usable<Schema> {
  readonly schema: Schema;
}

interface NotUsable {
  readonly fault: Fault;
  readonly untilMs: number;
}

interface SchemaContext extends Pick<DecoderContext, 'clock' | 'abort' | 'onTrouble'> {
  readonly address: RegistryAddress;
  readonly paths: readonly (readonly string[])[];
}

/** The schemas of messages by their id, as far as they were needed yet. */
export class AwaitedSchemas<Schema> {
  readonly #reader: SchemaReader<Schema>;
  readonly #paths: readonly (readonly string[])[];
  readonly #registry: SchemaRegistry;
  readonly #clock: Clock;
  readonly #abort: AbortSignal;
  readonly #onTrouble: (message: string) => void;
  readonly #known = new Map<number, Usable<Schema> | NotUsable>();
  readonly #fetching = new Map<number, Promise<void>>();

  constructor(reader: SchemaReader<Schema>, { address, paths, clock, abort, onTrouble }: SchemaContext) {
    this.#reader = reader;
    this.#paths = paths;
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
  get(id: number): Usable<Schema> | Fault | Promise<void> {
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
  async #load(id: number): Promise<Usable<Schema> | string> {
    const found = await this.#registry.byId(id, this.#abort);
    if (found === null) return `the schema registry has no schema ${id}, which the message names`;
    const schemas = await this.#withReferences(found);
    const { schemaType: wanted, name } = this.#reader;
    const other = schemas.find(({ schemaType }) => schemaType !== wanted);
    if (other !== undefined) return `schema ${id} of the message is not ${name}, but ${other.schemaType}`;
    const prepare = await this.#reader.load();
    try {
      return { schema: prepare(schemas, this.#paths) };
    } catch (error) {
      return `schema ${id} of the message cannot be used: ${messageOf(error).slice(0, wordsMax)}`;
    }
  }

  /** The schema behind those whose types it uses. Without those beyond the bound it cannot be used. */
  async #withReferences(schema: RegisteredSchema): Promise<readonly NamedSchema[]> {
    const seen = new Set<string>();
    const visit = async (of: NamedSchema): Promise<readonly NamedSchema[]> => {
      const used: NamedSchema[] = [];
      for (const reference of of.references) {
        const place = `${reference.subject} ${reference.version}`;
        if (seen.has(place) || seen.size === referencesMax) continue;
        seen.add(place);
        const found = await this.#registry.byVersion(reference, this.#abort);
        if (found !== null) used.push(...await visit({ ...found, name: reference.name }));
      }
      return [...used, of];
    };
    return visit({ ...schema, name: null });
  }

  #notUsable(message: string): NotUsable {
    return { fault: { reason: 'malformed', message }, untilMs: this.#clock.nowMs() + faultMs };
  }
}
