import type { Answer } from './answer.ts';
import type { EmbeddedDatabase } from './database.ts';

/** What a client asked for by SET, set_config or startup parameters: names and values. */
export type SessionSettings = ReadonlyMap<string, string>;

/** One client of the shared session. Its settings stay with it while others use the session. */
export interface Guest {
  settings: SessionSettings;
}

const none: SessionSettings = new Map();

/**
 * The one server session, lent to one client at a time, first come, first served: from its first message until the
 * server is idle again, so that a transaction is never mixed with another client's statements. Settings are put back
 * when the session passes on. Prepared statements, temporary tables, advisory locks and LISTEN are shared by all
 * clients: unnamed statements are safe, advisory locks exclude nobody.
 */
export class SharedSession {
  readonly #database: EmbeddedDatabase;
  readonly #waiting: { readonly guest: Guest; readonly admit: () => void }[] = [];
  #holder: Guest | null = null;
  #lastHolder: Guest | null = null;
  #settingsInForce: SessionSettings = none;
  #settingsChanged = false;

  constructor(database: EmbeddedDatabase) {
    this.#database = database;
    database.execute('SET search_path TO public');
  }

  /** Waits for the guest's turn, or returns at once when it has it. Throws what is wrong with its settings. */
  async enter(guest: Guest): Promise<void> {
    if (this.#holder === guest) return;
    if (this.#holder === null) this.#holder = guest;
    else await new Promise<void>((admit) => this.#waiting.push({ guest, admit }));
    this.#exchangeSettings(guest);
  }

  /** Only within the turn. `changesSettings`: the messages may hold a SET. Throws when the server has died. */
  run(messages: readonly Buffer[], changesSettings: boolean): Answer {
    this.#settingsChanged ||= changesSettings;
    return this.#database.run(messages);
  }

  /** Ends the guest's turn, or its waiting. */
  leave(guest: Guest): void {
    const place = this.#waiting.findIndex((waiting) => waiting.guest === guest);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (this.#holder !== guest) return;
    this.#lastHolder = guest;
    const next = this.#waiting.shift();
    this.#holder = next?.guest ?? null;
    next?.admit();
  }

  #exchangeSettings(guest: Guest): void {
    if (this.#settingsChanged && this.#lastHolder !== null && this.#lastHolder !== guest) {
      this.#settingsInForce = this.#lastHolder.settings = this.#readSettings();
      this.#settingsChanged = false;
    }
    if (this.#settingsChanged || sameSettings(this.#settingsInForce, guest.settings)) return;
    this.#settingsInForce = none;
    this.#database.execute('RESET ALL; SET search_path TO public');
    this.#settingsInForce = guest.settings;
    for (const [name, value] of guest.settings) {
      this.#database.execute(`SELECT set_config(${literal(name)}, ${literal(value)}, false)`);
    }
  }

  #readSettings(): SessionSettings {
    const pairs: unknown = JSON.parse(this.#database.execute(
      "SELECT coalesce(jsonb_object_agg(name, setting), '{}') FROM pg_settings WHERE source = 'session' " +
      "AND NOT (name = 'search_path' AND setting = 'public')",
    ) ?? '{}');
    return new Map(Object.entries(pairs ?? {}).map(([name, value]) => [name, String(value)]));
  }
}

function sameSettings(a: SessionSettings, b: SessionSettings): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
