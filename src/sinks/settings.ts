import type { Settings } from '../model/setting.ts';

export const sinkSettings = {
  type: {
    type: 'choice', default: 'timescale', choices: ['timescale', 'stdout', 'stub'],
    doc: 'Where rows go: timescale (the database of store.url), stdout (a JSON line a row), stub (nowhere; they are ' +
      'counted).',
  },
  workers: {
    type: 'integer', default: 4, min: 1, max: 64,
    doc: 'Connections that write at the same time. An instrument always has the same one.',
  },
  backpressure_policy: {
    type: 'choice', default: 'drop_oldest', choices: ['drop_oldest', 'drop_newest'],
    doc: 'Which rows of a live connection are given up, on record, when the sink queue is full. Other sources are ' +
      'paused.',
  },
  deadline_ms: {
    type: 'integer', default: 30_000, min: 100, max: 600_000, env: 'VISIBILITY_TIMEOUT_MS',
    doc: 'Longest time that writing one batch may take, in milliseconds; then the connection is cut and the batch ' +
      'tried again.',
  },
} as const satisfies Settings;

/** Waits before attempt n: a random time of up to min(max_ms, base_ms · multiplier^(n − 1)). */
export const sinkRetrySettings = {
  base_ms: {
    type: 'integer', default: 50, min: 1, max: 60_000, env: 'BASE_BACKOFF_MS',
    doc: 'Longest wait before a failed batch is tried for the first time again, in milliseconds.',
  },
  max_ms: {
    type: 'integer', default: 30_000, min: 1, max: 3_600_000, env: 'MAX_BACKOFF_MS',
    doc: 'Longest wait between two attempts, in milliseconds.',
  },
  multiplier: {
    type: 'number', default: 2, min: 1, max: 10, env: 'BACKOFF_MULTIPLIER',
    doc: 'By how much the wait grows from attempt to attempt.',
  },
} as const satisfies Settings;

export const sinkBreakerSettings = {
  failures: {
    type: 'integer', default: 5, min: 1, max: 1_000,
    doc: 'Failed attempts in a row, of all workers together, after which the circuit breaker opens.',
  },
  reset_ms: {
    type: 'integer', default: 30_000, min: 1, max: 3_600_000,
    doc: 'How long the open breaker lets nobody through before one worker tries again, in milliseconds.',
  },
  drain_reset_ms: {
    type: 'integer', default: 1_000, min: 1, max: 60_000,
    doc: 'The same while the program is shutting down, in milliseconds.',
  },
} as const satisfies Settings;
