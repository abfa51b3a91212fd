import type { Settings } from '../model/setting.ts';

export const telemetrySettings = {
  enable_metrics: {
    type: 'boolean', default: true, env: 'PIPELINE_ENABLE_METRICS',
    doc: 'Whether /metrics is served. Counting costs nothing either way: it is done once per batch.',
  },
  enable_tracing: {
    type: 'boolean', default: false, env: 'PIPELINE_ENABLE_TRACING',
    doc: 'Whether spans of batches and commits are sent by OTLP. Where to, how many and under what name is said by the ' +
      'OTEL_… variables of OpenTelemetry, which its SDK reads by itself. Off, it is not even loaded.',
  },
  metrics_port: {
    type: 'integer', default: null, min: 0, max: 65_535, env: 'PIPELINE_METRICS_PORT',
    doc: 'Port of a second listener, on server.host, that serves only /health and /metrics. Empty or equal to ' +
      'server.port: there is none. 0 takes any free port.',
  },
} as const satisfies Settings;

export const watchdogSettings = {
  stall_ms: {
    // A commit has 30 s too: whatever waits for us has given up by then. Half a minute of computing in one go is a fault.
    type: 'integer', default: 30_000, min: 0, max: 3_600_000,
    doc: 'Time that the event loop may stand still, in milliseconds; then a crash report is written and the process ends ' +
      'with SIGKILL. Time in which the whole process was stopped does not count. At least 1000; 0: no watchdog.',
  },
} as const satisfies Settings;

export const crashReportSettings = {
  directory: {
    type: 'text', default: '',
    doc: 'Where crash reports are written; the newest 20 files are kept. Empty: `crash-reports` in embedded.data_dir.',
  },
} as const satisfies Settings;

export const logSettings = {
  level: {
    type: 'choice', default: 'info', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    doc: 'The least severe log line that is written.',
  },
  format: {
    type: 'choice', default: 'auto', choices: ['auto', 'json', 'pretty'],
    doc: 'json: one object a line. pretty: for people. auto: pretty on a terminal, json otherwise.',
  },
  audit_file: {
    type: 'text', default: null,
    doc: 'File that the lines of the audit log are appended to as well, as JSON. A command that changes something and ' +
      'cannot write there does nothing. Empty: they stand in the log only, whatever its level.',
  },
} as const satisfies Settings;
