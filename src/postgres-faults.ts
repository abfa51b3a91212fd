/** The connection was lost, never made, or given up. Whether a COMMIT on its way arrived is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The connection will never be made like this: TLS or the exchange of passwords fails. */
export class ConnectionRefused extends Error {
  override readonly name = 'ConnectionRefused';
}

export type DatabaseAction =
  | 'retry' // The whole transaction, later.
  | 'reconnect' // The same, on another connection: this server may not be the one that writes any more.
  | 'split' // The transaction is too large for the server's limits.
  | 'set-aside' // A row is at fault: find it and keep it elsewhere.
  | 'lane-lost' // The fence: a newer generation of the lane exists.
  | 'stop'; // Waiting cures nothing; the message says what to do.

export interface DatabaseFault {
  readonly action: DatabaseAction;
  /** Null where the server did not say anything. */
  readonly sqlState: string | null;
  /** What the server said and what to do. */
  readonly message: string;
  /** Number of the row, from 1, that a COPY failed at; null where the server does not tell. */
  readonly copyRow: number | null;
}

interface Rule {
  readonly action: DatabaseAction;
  readonly advice: string;
}

const retry: Rule = { action: 'retry', advice: 'It will be tried again.' };
const setAside: Rule = { action: 'set-aside', advice: 'The row is kept in dead_letters.' };
const migrate = stop('Run `mdp migrate`, and check that store.url names the right database.');

/** By SQLSTATE, or by its class (the first two characters) where all of a class are alike. What is not listed stops. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['08', retry], // Connection exceptions.
  ['22', setAside], // A value that its column cannot hold.
  ['22P03', migrate], // A column of another type than ours: every row would be refused.
  ['23', setAside], // A constraint.
  // None of our columns is ever without a value that must have one: this one is not ours, or was ours to leave empty.
  ['23502', stop('Somebody has made a column of our tables NOT NULL that has no value in every row: give it a DEFAULT, ' +
    'or take the NOT NULL away.')],
  ['54000', setAside], // An index entry that does not fit into a page: a name of several kilobytes.
  ['25P03', retry], // Idle in a transaction for too long: we stood still, the server let go.
  ['40001', retry], // Serialization failure.
  ['40P01', retry], // Deadlock.
  ['53100', { action: 'retry', advice: 'Its disk is full: make room there. It will be tried again.' }],
  ['53200', retry], // Out of memory.
  ['53300', retry], // Too many connections.
  ['55P03', retry], // Lock not available.
  ['57014', retry], // Cancelled: statement_timeout.
  ['57P01', retry], // The server shuts down, has crashed, or starts.
  ['57P02', retry],
  ['57P03', retry],
  ['57P05', retry], // The server ended an idle session.
  ['25006', { action: 'reconnect', advice: 'The server is read-only, as after a failover; it will be tried again.' }],
  ['53400', { action: 'split', advice: 'The transaction is split.' }],
  ['MD001', { action: 'lane-lost', advice: 'Another process has taken the lane over; this one gives it up.' }],
  ['28', stop('Check user and password in store.url (DATABASE_URL), and pg_hba.conf of the server.')],
  ['3D000', stop('Create the database, or correct its name in store.url (DATABASE_URL).')],
  ['42501', stop('Grant it: the user of store.url (DATABASE_URL) needs SELECT, INSERT, UPDATE and DELETE on the tables ' +
    'of mdp, EXECUTE on mdp_fence, and TEMPORARY on the database.')],
  ['42P01', migrate], // A table is missing,
  ['42703', migrate], // or a column,
  ['42883', migrate], // or a function.
  ['42', stop('Tables and program do not fit together: run `mdp migrate`, or a matching version of mdp.')],
  ['21000', stop('This is a fault of mdp: two rows of one key in one statement. Please report it.')],
]);
const unlisted = stop('mdp does not know this error; nothing more is written until somebody has looked.');

function stop(advice: string): Rule {
  return { action: 'stop', advice };
}

/** What the server sends with an error; the fields that are used here. */
interface ServerError extends Error {
  readonly code: string;
  readonly where?: string;
  readonly detail?: string;
  readonly severity?: string;
}

/** The SQLSTATE of an error that the server sent, or null. */
export function sqlStateOf(error: unknown): string | null {
  return isServerError(error) ? error.code : null;
}

/** Whether the server ended the connection with this error. */
export function isFatal(error: unknown): boolean {
  if (!isServerError(error)) return false;
  return error.severity === 'FATAL' || error.severity === 'PANIC' || /^(08|57P)/.test(error.code);
}

/** What to do about anything that a call to the database threw. */
export function faultOf(error: unknown): DatabaseFault {
  if (error instanceof ConnectionLost) {
    return { action: 'retry', sqlState: null, message: `${error.message} ${retry.advice}`, copyRow: null };
  }
  if (!isServerError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { action: 'stop', sqlState: null, message, copyRow: null };
  }
  const rule = rules.get(error.code) ?? rules.get(error.code.slice(0, 2)) ?? unlisted;
  const message = `The database says: ${error.message} (SQLSTATE ${error.code}). ${rule.advice}`;
  return { action: rule.action, sqlState: error.code, message, copyRow: copyRowOf(error.where) };
}

/** The server writes `COPY bars, line 17, column open`, in the words of its own language. */
function copyRowOf(context: string | undefined): number | null {
  const place = /^COPY [^,]+, \D*(\d+)/m.exec(context ?? '');
  return place === null ? null : Number(place[1]);
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string';
}
