/** Every error code, with what it means and what to do. `docs/errors.md` explains each; a test compares the two. */
export const errorCodes = {
  'config-invalid': 'The configuration has faults; each is listed with its key, value and rule.',
  'usage': 'The command line does not say what to do.',
  'bar-spec-invalid': 'A bar spec is not one that can be computed.',
  'indicator-invalid': 'An indicator is not one that can be computed.',
  'source-unreadable': 'A source cannot be opened: a file is missing or unreadable.',
  'source-malformed': 'A source is not what its settings say: wrong header, wrong encoding, wrong unit of time.',
  'source-failed': 'A source failed while it was read and is not retried.',
  'store-unavailable': 'The database does not answer.',
  'store-misconfigured': 'The database refuses us: credentials, permissions, missing tables, wrong version.',
  'schema-unknown': 'The database was migrated by a newer version of mdp.',
  'lane-taken': 'Another process holds this lane, with a newer generation.',
  'log-changed': 'The log of a lane is another one than the one that its stored bars came from.',
  'checkpoint-unreadable': 'A stored checkpoint is damaged, or was written by a version of mdp that this one does not know.',
  'checkpoint-too-large': 'The state of a lane is larger than a checkpoint may be.',
  'settings-changed': 'The settings of a lane give its rows another meaning than those of its last checkpoint.',
  'rebuild-refused': 'A lane whose log cannot be read again was to be rebuilt.',
  'lane-unknown': 'There is no lane of this name.',
  'lane-added': 'A log was added beside others that have lanes, and nobody has adopted it.',
  'lane-refused': 'A lane cannot be renamed or handed over like this.',
  'sink-failed': 'A sink refuses rows for a reason that waiting does not cure.',
  'embedded-failed': 'The embedded TimescaleDB did not start or has died.',
  'kafka-unreachable': 'The brokers of Kafka do not answer, or not now.',
  'kafka-refused': 'The brokers of Kafka refuse us: login, certificate, permission.',
  'topic-compacted': 'A topic is compacted: its brokers throw away messages that bars are made of.',
  'kafka-consumer-dead': 'A consumer of Kafka does not read any more, or ends again and again.',
  'audit-failed': 'The audit log cannot be written, and a command that changes something does not begin without it.',
  'server-failed': 'The HTTP server cannot listen.',
  'shutdown-forced': 'The deadline for draining passed, or a second signal came; what was lost is listed.',
  'verify-differs': 'Stored bars differ from what they were compared with.',
  'verify-overtaken': 'A lane was told anew while its rows were compared.',
  'dead-letter-unknown': 'There is no dead letter of this key.',
  'dead-letter-refused': 'Dead letters could not be replayed, and stay.',
  'crashed': 'The program met an error that it does not know; a crash report says what was in flight.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Exit codes mean one thing each (docs/operations.md). */
export const exitCode = {
  ok: 0,
  unexpected: 1,
  usage: 2, // Command line or configuration.
  store: 3, // Database misconfigured or unavailable at a command that needs it.
  lost: 4, // Forced shutdown: rows or ticks were given up, and listed.
  source: 5, // A source failed for good.
  differs: 6, // `mdp verify` found differences.
  refused: 7, // `mdp dead-letters replay`: letters stay.
  kafka: 8, // Kafka refuses us, or is unreachable at a command that needs it.
  consumer: 9, // `mdp run`: a consumer of Kafka did not read any more, and a restart may help.
  crashed: 70, // `mdp run` met an error that it does not know; there is a crash report.
} as const;

const exitCodes: { readonly [C in ErrorCode]: number } = {
  'config-invalid': exitCode.usage,
  'usage': exitCode.usage,
  'bar-spec-invalid': exitCode.usage,
  'indicator-invalid': exitCode.usage,
  'source-unreadable': exitCode.source,
  'source-malformed': exitCode.source,
  'source-failed': exitCode.source,
  'store-unavailable': exitCode.store,
  'store-misconfigured': exitCode.store,
  'schema-unknown': exitCode.store,
  'lane-taken': exitCode.store,
  'log-changed': exitCode.store,
  'checkpoint-unreadable': exitCode.store,
  'checkpoint-too-large': exitCode.usage,
  'settings-changed': exitCode.usage,
  'rebuild-refused': exitCode.usage,
  'lane-unknown': exitCode.usage,
  'lane-added': exitCode.store,
  'lane-refused': exitCode.usage,
  'sink-failed': exitCode.store,
  'embedded-failed': exitCode.store,
  'kafka-unreachable': exitCode.kafka,
  'kafka-refused': exitCode.kafka,
  'topic-compacted': exitCode.source,
  'kafka-consumer-dead': exitCode.consumer,
  'audit-failed': exitCode.usage,
  'server-failed': exitCode.usage,
  'shutdown-forced': exitCode.lost,
  'verify-differs': exitCode.differs,
  'verify-overtaken': exitCode.store,
  'dead-letter-unknown': exitCode.usage,
  'dead-letter-refused': exitCode.refused,
  'crashed': exitCode.crashed,
};

/** An error with a code for machines and a message for people: what, where, which value, what to do next. */
export class MdpError extends Error {
  override readonly name = 'MdpError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const passing: ReadonlySet<ErrorCode> = new Set(['store-unavailable', 'kafka-unreachable']);

/** Whether what an MdpError tells of ends by itself: a database or brokers that do not answer come back. */
export function healsByWaiting({ code }: MdpError): boolean {
  return passing.has(code);
}

const programFaults: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'AssertionError']);

/**
 * Whether a mistake of a program was thrown, or stands behind what was thrown: trying again hardly cures it. A TypeError
 * with a cause is fetch's word for a lost connection.
 */
export function isProgramFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (programFaults.has(error.name)) return error.cause === undefined;
  return isProgramFault(error.cause);
}
