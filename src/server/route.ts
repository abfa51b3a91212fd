import type { Static, TSchema } from 'typebox';
import type { RouteContext } from './context.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Absent where the body is JSON. */
  readonly type?: string;
}

/** An answer as the OpenAPI document describes it; JSON where there is no other type. */
export interface Described {
  readonly description: string;
  readonly body?: TSchema;
  readonly type?: string;
}

/**
 * One path of the server. A schema is three things at once: the type of what `answer` gets, the check of what comes
 * in, and the description in the OpenAPI document.
 */
export interface Route {
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
  readonly answers: Readonly<Record<number, Described>>;
  answer(query: unknown, context: RouteContext, abort: AbortSignal): Answer | Promise<Answer>;
}

type Plain = Omit<Route, 'query' | 'params' | 'answer'>;

/** A route that takes no query. */
export function route(described: Plain & { answer(context: RouteContext): Answer | Promise<Answer> }): Route {
  return { ...described, query: null, answer: (_, context) => described.answer(context) };
}

/** A route whose query has kept its schema when `answer` is called. */
export function routeWithQuery<Q extends TSchema>(described: Plain & {
  readonly query: Q;
  answer(query: Static<Q>, context: RouteContext, abort: AbortSignal): Answer | Promise<Answer>;
}): Route {
  return described;
}

/** A route with a part of its path that can be anything. What `answer` gets has kept both schemas. */
export function routeWithParams<P extends TSchema, Q extends TSchema>(described: Plain & {
  readonly params: P;
  readonly query: Q;
  answer(asked: Static<P> & Static<Q>, context: RouteContext, abort: AbortSignal): Answer | Promise<Answer>;
}): Route {
  return described;
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
