import { MdpError, messageOf } from '../../../errors.ts';

/** A registry that does not answer for so long is tried again. */
const answerMsMax = 10_000;
/** Schemas are some kilobytes; this much and more is something else. */
const answerBytesMax = 4_194_304;

export interface RegistryAddress {
  /** Behind its last slash the paths begin. */
  readonly url: URL;
  readonly username: string | null;
  readonly password: string | null;
}

/** A schema as it was registered. */
export interface RegisteredSchema {
  readonly schema: string;
  /** AVRO, PROTOBUF or JSON. */
  readonly schemaType: string;
  /** Schemas of the registry whose types this one uses. */
  readonly references: readonly SchemaReference[];
}

export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/**
 * Asks a schema registry, once a call. Null: it says that there is no such schema. Rejects with an MdpError
 * `source-failed` where it refuses us, with another error where it may answer later.
 * Paths and answers: https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export class SchemaRegistry {
  readonly #address: RegistryAddress;

  constructor(address: RegistryAddress) {
    this.#address = address;
  }

  async byId(id: number, abort: AbortSignal): Promise<RegisteredSchema | null> {
    return this.#ask(`schemas/ids/${id}`, abort);
  }

  async byVersion({ subject, version }: SchemaReference, abort: AbortSignal): Promise<RegisteredSchema | null> {
    return this.#ask(`subjects/${encodeURIComponent(subject)}/versions/${version}`, abort);
  }

  async #ask(path: string, abort: AbortSignal): Promise<RegisteredSchema | null> {
    const url = new URL(path, this.#address.url);
    const response = await fetch(url, {
      headers: { accept: 'application/vnd.schemaregistry.v1+json, application/json', ...this.#login() },
      signal: AbortSignal.any([abort, AbortSignal.timeout(answerMsMax)]),
    }).catch((error: unknown) => {
      throw new Error(`${url.href}: ${messageOf(error instanceof Error ? error.cause ?? error : error)}`, { cause: error });
    });
    const { status } = response;
    if (status === 401 || status === 403) {
      await response.body?.cancel();
      throw new MdpError('source-failed', `The schema registry refuses us at ${url.href} (${status}). ` +
        'Check schema_registry_username and schema_registry_password.');
    }
    const answer = objectOf(await textOf(response));
    if (status === 200 && typeof answer?.['schema'] === 'string') return registered(answer['schema'], answer);
    // A proxy or a wrong path says 404 too; only the registry itself gives a code.
    if (status === 404 && typeof answer?.['error_code'] === 'number') return null;
    throw new Error(`${url.href} answers ${status} and no schema; is schema_registry_url the address of a registry?`);
  }

  #login(): Record<string, string> {
    const { username, password } = this.#address;
    if (username === null) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new Error(`${response.url} answers with more than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function registered(schema: string, answer: Readonly<Record<string, unknown>>): RegisteredSchema {
  const { schemaType, references } = answer;
  return {
    schema,
    schemaType: typeof schemaType === 'string' ? schemaType : 'AVRO', // The oldest kind is not named.
    references: Array.isArray(references) ? references as readonly SchemaReference[] : [],
  };
}
