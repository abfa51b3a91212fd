import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import { MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { ServerSettings } from './context.ts';

/*
 * Who may ask. A key is either the one of server.api_key, or one of a file that holds a name and a digest a line, so that
 * whoever reads the file has no key. The digest is SHA-256, and on purpose nothing slower: our keys have 256 random bits,
 * so there is no list of likely ones to try, while scrypt would cost every request, and every guess, tens of milliseconds of
 * the loop that reads the ticks.
 */

interface NamedKey {
  readonly name: string;
  readonly digest: Buffer;
}

/** Past tense; `problem` is a sentence and never quotes the file. */
export interface KeyEvents {
  keysRead(read: { readonly file: string; readonly names: readonly string[] }): void;
  keysKept(kept: { readonly file: string; readonly problem: string }): void;
}

/** A key that was changed counts, and one that was taken out is refused, after so long at most. */
export const readEveryMs = 2_000;
/** 200 keys are a page of clients, and each request is compared with all of them: some 50 µs. */
const keysMax = 200;
const fileBytesMax = 65_536;
/** The name of server.api_key in the audit log; no key of a file can have it, for its underscore. */
const plainName = 'api_key';
const lineForm = /^([A-Za-z0-9][A-Za-z0-9-]{0,62}):([0-9a-f]{64})$/;

export class ApiKeys {
  readonly #plain: readonly NamedKey[];
  readonly #file: string | null;
  readonly #events: KeyEvents;
  #listed: readonly NamedKey[] = [];
  /** What was read last, good or bad: what has not changed is not told again. */
  #seen: string | null = null;

  private constructor(settings: ServerSettings, events: KeyEvents) {
    const { api_key, api_keys_file } = settings;
    this.#plain = api_key === null || api_key === '' ? [] : [{ name: plainName, digest: digestOf(api_key) }];
    this.#file = api_keys_file === null || api_keys_file === '' ? null : api_keys_file;
    this.#events = events;
  }

  /** Throws an MdpError `server-failed` where the file of keys cannot be used. */
  static async open(settings: ServerSettings, events: KeyEvents): Promise<ApiKeys> {
    const keys = new ApiKeys(settings, events);
    if (keys.#file === null) return keys;
    try {
      keys.#take(keys.#file, await contentOf(keys.#file));
    } catch (error) {
      throw new MdpError('server-failed', `The file of server.api_keys_file, ${keys.#file}, cannot be used: ` +
        `${messageOf(error)} \`mdp api-key NAME\` makes a key and its line.`, error);
    }
    return keys;
  }

  /** Whether anybody is asked for a key at all. */
  get areAskedFor(): boolean {
    return this.#plain.length > 0 || this.#file !== null;
  }

  /**
   * The name of the key that these headers carry, or null. Every key is compared, with digests of one length, so that the
   * time it takes tells neither which one was nearly right nor how much of it.
   */
  nameOf(headers: Readonly<Record<string, unknown>>): string | null {
    const sent = keyIn(headers);
    if (sent === null) return null;
    const digest = digestOf(sent);
    let name: string | null = null;
    for (const key of [...this.#plain, ...this.#listed]) {
      if (timingSafeEqual(key.digest, digest)) name = key.name;
    }
    return name;
  }

  /** Another one once the key of this name is another; null where there is none any more. */
  digestOf(name: string): string | null {
    return [...this.#plain, ...this.#listed].find((key) => key.name === name)?.digest.toString('hex') ?? null;
  }

  /** Looks every two seconds whether the file has changed. A file that cannot be used changes nothing, and is told once. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    while (!signal.aborted) {
      await clock.wait(readEveryMs, signal);
      if (!signal.aborted) await this.#readAgain(file);
    }
  }

  async #readAgain(file: string): Promise<void> {
    let found: string;
    try {
      found = await contentOf(file);
    } catch (error) {
      this.#keep(file, messageOf(error));
      return;
    }
    if (found === this.#seen) return;
    try {
      this.#take(file, found);
    } catch (error) {
      this.#keep(file, messageOf(error));
      this.#seen = found;
    }
  }

  #take(file: string, text: string): void {
    this.#listed = parseKeys(text);
    this.#seen = text;
    this.#events.keysRead({ file, names: this.#listed.map(({ name }) => name) });
  }

  #keep(file: string, problem: string): void {
    if (this.#seen === problem) return;
    this.#seen = problem;
    this.#events.keysKept({ file, problem });
  }
}

/** A new key and the line that admits it. The key itself is written nowhere. */
export function makeKey(name: string): { readonly key: string; readonly line: string } {
  const key = `mdp_${randomBytes(32).toString('base64url')}`;
  const line = `${name}:${digestOf(key).toString('hex')}`;
  if (lineForm.test(line)) return { key, line };
  throw new MdpError('usage', `"${name}" cannot be the name of a key: write letters, digits and hyphens, at most 63.`);
}

/** Throws an Error whose message says which line is wrong, and never what stands there: it may be a key. */
function parseKeys(text: string): readonly NamedKey[] {
  const keys: NamedKey[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, hex] = lineForm.exec(line) ?? [];
    if (name === undefined) throw new Error(`Line ${index + 1} is not NAME:DIGEST.`);
    if (keys.some((key) => key.name === name)) throw new Error(`Line ${index + 1} has a name that another line has.`);
    keys.push({ name, digest: Buffer.from(hex, 'hex') });
  }
  if (keys.length === 0) throw new Error('It holds no key.');
  if (keys.length > keysMax) throw new Error(`It holds ${keys.length} keys; ${keysMax} at most.`);
  return keys;
}

/** Reads at most as many bytes as a file of keys may have. Throws an Error with a sentence. */
async function contentOf(file: string): Promise<string> {
  const handle = await open(file).catch(unreadable);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(fileBytesMax + 1), 0, fileBytesMax + 1, 0)
      .catch(unreadable);
    if (bytesRead > fileBytesMax) throw new Error(`It has more than ${fileBytesMax} bytes.`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function unreadable(error: unknown): never {
  throw new Error(`It cannot be read (${messageOf(error)}).`, { cause: error });
}

function keyIn(headers: Readonly<Record<string, unknown>>): string | null {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return key;
  const { authorization } = headers;
  const bearer = typeof authorization === 'string' ? /^bearer +(.+)$/i.exec(authorization) : null;
  return bearer === null ? null : bearer[1];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
