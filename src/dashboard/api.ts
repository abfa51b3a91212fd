/* What the page asks of /api. Every failure is an ApiError with a sentence that can be shown. */

/** As every answer that is none has it. */
interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly field?: string | null;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** 0 where the server could not be reached at all. */
  readonly status: number;
  readonly code: string;
  readonly field: string | null;

  constructor(status: number, error: Refusal) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.field = error.field ?? null;
  }
}

const unreachable = { code: 'unreachable', message: 'The daemon does not answer. This is tried again when it is back.' };

/** A bar as /api/bars has it. Prices are null in rows that `fill=null` has made. */
export interface ApiBar {
  readonly open_time: string;
  readonly close_time: string;
  readonly bar_index: number;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number;
  readonly notional: number;
  readonly vwap: number | null;
  readonly trades: number;
  readonly buy_volume: number;
  readonly sell_volume: number;
  readonly quality: 'complete' | 'partial' | 'gap';
  readonly state: 'provisional' | 'closed';
  readonly revision: number;
  readonly whole: boolean;
  readonly filled: boolean;
}

export interface BarPage {
  /** Of bars of which spec these were made; null: they are stored. */
  readonly made_from: string | null;
  readonly bars: readonly ApiBar[];
  readonly next: string | null;
}

export interface ApiValue {
  readonly open_time: string;
  readonly bar_index: number;
  readonly value: number | null;
  readonly quality: 'complete' | 'partial' | 'gap';
  readonly state: 'provisional' | 'closed';
  readonly revision: number;
}

export interface ValuePage {
  readonly values: readonly ApiValue[];
  readonly next: string | null;
}

export interface ApiSymbol {
  readonly venue: string;
  readonly symbol: string;
  readonly specs: readonly string[];
  /** Close of the newest bar. */
  readonly last_price: number;
  readonly newest_open_time: string;
  readonly newest_close_time: string;
}

export interface ApiGap {
  readonly lane: string;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly from_time: string;
  readonly until_time: string;
  readonly reason: string;
  readonly ticks_lost: number;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiEvents {
  /** A key was asked for, and there was none or a wrong one. */
  locked(): void;
}

export class Api {
  readonly #root: URL;
  readonly #key: () => string | null;
  readonly #events: ApiEvents;

  /** `root`: where the server is, ending with a slash. `key` gives the API key of the moment, or null. */
  constructor(root: URL, key: () => string | null, events: ApiEvents) {
    this.#root = root;
    this.#key = key;
    this.#events = events;
  }

  /** Asks a path below the root, such as `api/bars`. Throws an ApiError, or an AbortError where `signal` fired. */
  async ask<T>(path: string, { method = 'GET', query = {}, body, signal }: Asked = {}): Promise<T> {
    const url = new URL(path, this.#root);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const response = await fetch(url, {
      method, signal: signal ?? null,
      headers: { ...this.#headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiError(0, unreachable);
    });
    if (!response.ok) throw await this.#failureOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  #headers(): Record<string, string> {
    const key = this.#key();
    return key === null ? {} : { 'x-api-key': key };
  }

  async #failureOf(response: Response): Promise<ApiError> {
    if (response.status === 401) this.#events.locked();
    const answer = await response.json().catch(() => ({})) as { readonly error?: Refusal };
    const unknown = { code: 'unknown', message: `The server answered ${response.status} and did not say why.` };
    return new ApiError(response.status, answer.error ?? unknown);
  }

  bars(query: {
    readonly venue: string; readonly symbol: string; readonly spec: string; readonly from?: string; readonly until?: string;
    readonly limit?: number; readonly order?: 'asc' | 'desc'; readonly fill?: 'none' | 'carry' | 'null';
  }, signal?: AbortSignal): Promise<BarPage> {
    return this.ask('api/bars', { query, signal });
  }

  indicators(query: {
    readonly venue: string; readonly symbol: string; readonly spec: string; readonly indicator: string;
    readonly from?: string; readonly until?: string; readonly limit?: number; readonly order?: 'asc' | 'desc';
  }, signal?: AbortSignal): Promise<ValuePage> {
    return this.ask('api/indicators', { query, signal });
  }

  async symbols(signal?: AbortSignal): Promise<readonly ApiSymbol[]> {
    const query = { limit: 10_000 };
    return (await this.ask<{ readonly symbols: readonly ApiSymbol[] }>('api/symbols', { query, signal })).symbols;
  }

  async gaps(query: {
    readonly venue?: string; readonly symbol?: string; readonly from?: string; readonly until?: string;
    readonly limit?: number;
  }, signal?: AbortSignal): Promise<readonly ApiGap[]> {
    return (await this.ask<{ readonly gaps: readonly ApiGap[] }>('api/gaps', { query, signal })).gaps;
  }
}
