import type { Static, TSchema } from 'typebox';
import type { RouteContext } from './context.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Answer {
  /** 204 has no body. */
  readonly status: number;
  readonly body?: unknown;
  /** Absent where the body is JSON. */
  readonly type?: string;
  /** Beside those that every answer has; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * In place of a body: pieces of text that are made as the client takes them. The first is made before the status is
   * sent, so that what it throws is an error like any other. `abort` fires when the client has gone.
   */
  readonly pieces?: (abort: AbortSignal) => AsyncIterable<string>;
}

/** An answer as the OpenAPI document describes it; JSON where there is no other type, nothing at 204. */
export interface Described {
  readonly description: string;
  readonly body?: TSchema;
  readonly type?: string;
  /** Other types that the same may come as. */
  readonly alsoTypes?: readonly string[];
}

/** Of the call that a route answers. */
export interface RouteCall {
  /** Fires when the client has gone or the time is over. */
  readonly abort: AbortSignal;
  /** Of the API key that it came with; null where nobody is asked for one. */
  readonly keyName: string | null;
}

/**
 * One method at one path of the server. A schema is three things at once: the type of what `answer` gets, the check of what
 * comes in, and the description in the OpenAPI document. Any method but GET changes something: it is in the audit log, and
 * pages of origins that are not allowed are refused before `answer` is called.
 */
export interface Route {
  /** Absent: GET. */
  readonly method?: Method;
  readonly path: string;
  readonly summary: string;
  readonly tag: 'health' | 'metrics' | 'data' | 'page';
  /** Whether it is answered without an API key. */
  readonly open: boolean;
  /** Whether it counts against the rate limit: monitors may ask as often as they like. */
  readonly limited: boolean;
  readonly query: TSchema | null;
  /** Of the parts of the path that begin with a colon; `answer` gets them beside the query. */
  readonly params?: TSchema;
  /** Of the JSON that POST, PUT and PATCH send; checked strictly, a "5" is no number. `answer` gets it as `body`. */
  readonly body?: TSchema;
  readonly answers: Readonly<Record<number, Described>>;
  /** Whether 200 carries a digest of its body as ETag, and a client that has the same gets 304. Not where it is streamed. */
  readonly isTagged?: boolean;
  answer(asked: unknown, context: RouteContext, call: RouteCall): Answer | Promise<Answer>;
}

type Plain = Omit<Route, 'query' | 'params' | 'body' | 'answer'>;

/** A route that takes no query. */
export function route(described: Plain & { answer(context: RouteContext): Answer | Promise<Answer> }): Route {
  return { ...described, query: null, answer: (_, context) => described.answer(context) };
}

/** A route whose query has kept its schema when `answer` is called. */
export function routeWithQuery<Q extends TSchema>(described: Plain & {
  readonly query: Q;
  answer(query: Static<Q>, context: RouteContext, call: RouteCall): Answer | Promise<Answer>;
}): Route {
  return described;
}

/** A route with a part of its path that can be anything. What `answer` gets has kept both schemas. */
export function routeWithParams<P extends TSchema, Q extends TSchema>(described: Plain & {
  readonly params: P;
  readonly query: Q;
  answer(asked: Static<P> & Static<Q>, context: RouteContext, call: RouteCall): Answer | Promise<Answer>;
}): Route {
  return described;
}

/** A route that changes something, at a path without such a part. */
export function routeWithBody<B extends TSchema>(described: Plain & {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly body: B;
  answer(asked: { readonly body: Static<B> }, context: RouteContext, call: RouteCall): Answer | Promise<Answer>;
}): Route {
  return { ...described, query: null };
}

/** A route that changes what a part of its path names. */
export function routeWithParamsAndBody<P extends TSchema, B extends TSchema>(described: Plain & {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly params: P;
  readonly body: B;
  answer(asked: Static<P> & { readonly body: Static<B> }, context: RouteContext, call: RouteCall): Answer | Promise<Answer>;
}): Route {
  return { ...described, query: null };
}

/** Thrown by a route for input that keeps its schema and still makes no sense. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}
