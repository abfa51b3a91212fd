import type { Writable } from 'node:stream';
import type { ValuesOf } from '../model/setting.ts';
import type { RowNames } from './set-aside.ts';
import type { sinkSettings } from './settings.ts';
import type { Sink } from './sink.ts';
import { StdoutSink } from './stdout.ts';
import { StubSink } from './stub.ts';
import { TimescaleSink } from './timescale/timescale-sink.ts';

/** What the program gives to a sink. */
export interface SinkParts {
  readonly settings: ValuesOf<typeof sinkSettings>;
  readonly names: RowNames;
  readonly database: { readonly url: string; readonly connectTimeoutMs: number };
  readonly output: Writable;
  readonly nowMs: () => number;
}

/** A sink is one file and one line here. */
const sinks: { readonly [T in ValuesOf<typeof sinkSettings>['type']]: (parts: SinkParts) => Sink } = {
  timescale: ({ settings, names, database, nowMs }) => new TimescaleSink({
    ...database, workers: settings.workers, deadlineMs: settings.deadline_ms, names, nowMs,
  }),
  stdout: ({ names, output }) => new StdoutSink(names, output),
  stub: () => new StubSink(),
};

export function createSink(parts: SinkParts): Sink {
  return sinks[parts.settings.type](parts);
}
