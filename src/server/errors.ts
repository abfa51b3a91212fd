import { MdpError } from '../errors.ts';
import { name, uuid } from './names.ts';
import { BadRequest } from './route.ts';

/** What a client gets instead: `{ error: { code, message, field? } }`, never a stack or a driver's words. */
export interface ErrorAnswer {
  readonly status: number;
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

/** Thrown where a call that changes something has taken too long: what comes of it is not known. */
export class ChangeTooSlow extends Error {
  override readonly name = 'ChangeTooSlow';
}

/** One fault that a schema found, as ajv puts it. */
interface SchemaFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** An error of the server, as far as it says what it is. */
interface ServerError {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message?: string;
  readonly validation?: readonly SchemaFault[];
  readonly validationContext?: string;
}

/** What an error of the server or of a route tells a client. */
export function answerOf(thrown: unknown): ErrorAnswer {
  if (thrown instanceof BadRequest) return badRequest(thrown.message, thrown.field);
  if (thrown instanceof MdpError && (thrown.code === 'store-unavailable' || thrown.code === 'store-misconfigured')) {
    return storeUnavailable;
  }
  if (thrown instanceof ChangeTooSlow) {
    return answer(503, 'timeout', 'The database did not answer in time. Look whether it was changed before you try again.');
  }
  const error: ServerError = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const fault = error.validation?.[0];
  const text = error.validationContext === 'body' ? 'a text' : 'given once';
  if (fault !== undefined) return badRequest(...sentenceOf(fault, text));
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT') {
    return answer(503, 'timeout', 'The database did not answer in time. Ask for less, or try again later.');
  }
  if (error.statusCode === 429) return answer(429, 'too-many-requests', `Too many requests: ${error.message ?? ''}.`);
  return byStatus.get(error.statusCode ?? 500) ?? internal;
}

const internal = answer(500, 'internal', 'The server could not answer; its log says why.');
const byStatus: ReadonlyMap<number, ErrorAnswer> = new Map([
  [400, badRequest('The request could not be read. A body must be one JSON object, and not be empty.')],
  [413, answer(413, 'too-large', 'The request is too large: a body has 65,536 bytes at most.')],
  [415, answer(415, 'bad-request', 'Send the body as content-type: application/json.', 'content-type')],
]);

export const unauthorized = answer(401, 'unauthorized',
  'This needs the API key: send it as the header X-API-Key, or as Authorization: Bearer KEY.');
export const foreignOrigin = answer(403, 'foreign-origin',
  'A page of this origin may change nothing here. Name the origin in server.allowed_origins (ALLOWED_ORIGINS), or ask ' +
  'for keys (API_KEY).');
export const foreignHost = answer(403, 'foreign-host',
  'Without a key this can be asked only by localhost, an address or server.host. Name the host that you asked in ' +
  'server.allowed_hosts (ALLOWED_HOSTS), or ask for keys (API_KEY).');
export const notFound = answer(404, 'not-found', 'There is nothing at this path; /docs lists what there is.');
const storeUnavailable = answer(503, 'store-unavailable',
  'The database does not answer, so nothing stored can be shown. /health says more.');

/** An error as the answer of a route that has described it. */
export function refusal(status: number, code: string, message: string, ...field: [] | [string]):
{ readonly status: number; readonly body: object } {
  return { status, body: { error: answer(status, code, message, ...field).error } };
}

function badRequest(message: string, field?: string): ErrorAnswer {
  return answer(400, 'bad-request', message, field);
}

function answer(status: number, code: string, message: string, field?: string): ErrorAnswer {
  return { status, error: { code, message, ...(field === undefined ? {} : { field }) } };
}

/** The field, what is allowed there, in a sentence. */
function sentenceOf(
  { keyword, instancePath, params, message }: SchemaFault, text: string,
): [message: string, field: string] {
  const field = fieldOf(instancePath);
  const within = (name: unknown): string => (instancePath === '' ? '' : `${field}.`) + String(name);
  switch (keyword) {
    case 'required': {
      const missing = within(params['missingProperty']);
      return [`${missing} is missing.`, missing];
    }
    case 'additionalProperties': {
      const unknown = within(params['additionalProperty']);
      return [`${unknown} is not known here; /docs lists what is.`, unknown];
    }
    case 'enum': return [`${field} must be one of ${listOf(params['allowedValues'])}.`, field];
    case 'minLength': return [`${field} must not be empty.`, field];
    case 'pattern': return [`${field} ${patternWords.get(params['pattern']) ?? String(message)}.`, field];
    case 'type': return [`${field} must be ${typeWords[String(params['type'])] ?? text}.`, field];
    default: return [`${field} ${message ?? 'is not allowed'}.`, field];
  }
}

/** `webhook.url`; `body` where it is all of it. */
function fieldOf(instancePath: string): string {
  return instancePath === '' ? 'body' : instancePath.slice(1).replaceAll('/', '.');
}

/** A text of a query is anything that is given once: two of a name make a list. */
const typeWords: Readonly<Record<string, string>> = {
  integer: 'a whole number', number: 'a number', boolean: 'true or false', object: 'a JSON object', array: 'a list',
};

const patternWords: ReadonlyMap<unknown, string> = new Map([
  [name.pattern, 'must not hold a nul character'], [uuid.pattern, 'must be a UUID'],
]);

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.join(', ') : String(values);
}
