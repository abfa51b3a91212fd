import { hostname } from 'node:os';
import {
  diag, DiagLogLevel, propagation, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags,
  type Attributes, type Context, type DiagLogger, type Link, type Span, type SpanContext, type Tracer,
} from '@opentelemetry/api';
import { envDetector, serviceInstanceIdDetector, type ResourceDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import type { RowBatch } from '../model/rows.ts';
import { rowCount } from '../model/rows.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { SpanRef } from '../model/trace.ts';
import type { Spans, TracedWrite } from './spans.ts';

/*
 * The one file that knows OpenTelemetry; it is loaded only where telemetry.enable_tracing is set. Where spans go, and which,
 * is said by the OTEL_… variables, which the SDK reads by itself.
 *
 *   a batch of ticks:   source ─┬─ op-queue
 *                               ├─ operators ─┬─ sink-queue     of the rows that it was the first to make
 *                               │             └─ commit         one for each sink and attempt, with links to the
 *   another batch:      source ─┴─ operators ◀ ─ ─ ┘ link       operators of every batch that made rows of it
 *
 * Spans of a stage are made when it is over. A batch that is not sampled has none in any stage.
 */

export interface TracingOptions {
  /** Of this program. */
  readonly version: string;
  readonly pipeline: string;
  readonly clock: Clock;
  /** Milliseconds, with fractions, of a clock that nobody can set: folding a batch takes less than one. */
  readonly elapsedMs: () => number;
}

/** Whoever ends waits no longer for a collector that does not answer. */
const closeMsMax = 1_500;

/** `service.name` and whatever else OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes before this. */
function programDetector({ version, pipeline }: TracingOptions): ResourceDetector {
  return {
    detect: () => ({ attributes: {
      'service.name': 'mdp', 'service.version': version, 'host.name': hostname(), 'process.pid': process.pid,
      'mdp.pipeline': pipeline,
    } }),
  };
}

interface Folding {
  readonly batch: TickBatch;
  readonly span: Span;
  readonly takenAtMs: number;
  readonly sinceMs: number; // By `elapsedMs`.
}

/** At most one in a process: the SDK is. */
export class TracedStages implements Spans {
  readonly #sdk: NodeSDK;
  readonly #options: TracingOptions;
  readonly #tracer: Tracer;
  /** Our clock when they went to their lanes. */
  readonly #sentAtMs = new WeakMap<TickBatch, number>();
  #folding: Folding | null = null;
  #onTrouble: (problem: string) => void = () => {};

  constructor(options: TracingOptions) {
    this.#options = options;
    this.#tracer = trace.getTracer('mdp', options.version);
    this.#sdk = new NodeSDK({
      // What the process detector tells of the command line could be a secret.
      resourceDetectors: [serviceInstanceIdDetector, programDetector(options), envDetector],
      metricReaders: [], logRecordProcessors: [], instrumentations: [],
    });
  }

  start(onTrouble: (problem: string) => void): void {
    this.#onTrouble = onTrouble;
    diag.setLogger(troubleLogger(onTrouble), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    try {
      this.#sdk.start();
    } catch (error) {
      // A variable that it cannot do with. Nobody is traced then, and everything else goes on.
      onTrouble(`the SDK of OpenTelemetry did not start: ${messageOf(error)}`);
    }
  }

  batchRead(batch: TickBatch): void {
    this.#sentAtMs.set(batch, this.#options.clock.nowMs());
  }

  batchTaken(batch: TickBatch): SpanRef | null {
    const { clock, elapsedMs } = this.#options;
    const takenAtMs = clock.nowMs();
    const sentAtMs = Math.min(this.#sentAtMs.get(batch) ?? batch.receivedTimeMs, takenAtMs);
    const attributes = { ...laneAttributes(batch.lane), 'mdp.ticks': batch.length, 'mdp.position': batch.nextPosition };
    const source = this.#tracer.startSpan('source', {
      root: true, startTime: Math.min(batch.receivedTimeMs, sentAtMs), links: linksTo(batch.traceParent),
      attributes: { ...attributes, 'mdp.rejects': batch.rejects.length },
    }, ROOT_CONTEXT);
    if (!source.isRecording()) return null;
    source.end(sentAtMs);
    const within = trace.setSpan(ROOT_CONTEXT, source);
    this.#tracer.startSpan('op-queue', { startTime: sentAtMs, attributes: laneAttributes(batch.lane) }, within)
      .end(takenAtMs);
    const span = this.#tracer.startSpan('operators', { startTime: takenAtMs, attributes }, within);
    this.#folding = { batch, span, takenAtMs, sinceMs: elapsedMs() };
    const { traceId, spanId } = span.spanContext();
    return { traceId, spanId };
  }

  batchFolded(batch: TickBatch): void {
    const folding = this.#folding;
    this.#folding = null;
    if (folding?.batch !== batch) return;
    folding.span.end(folding.takenAtMs + this.#options.elapsedMs() - folding.sinceMs);
  }

  rowsTaken(batch: RowBatch): void {
    const { lane, openedAtMs, madeBy } = batch;
    if (madeBy === undefined) return;
    const attributes = { ...laneAttributes(lane), 'mdp.rows': rowCount(batch) };
    const nowMs = this.#options.clock.nowMs();
    this.#tracer.startSpan('sink-queue', { startTime: Math.min(openedAtMs, nowMs), attributes }, contextOf(madeBy[0]))
      .end(nowMs);
  }

  writeEnded({ sink, lane, rows, seconds, madeBy, failure }: TracedWrite): void {
    if (madeBy === undefined) return;
    const endedAtMs = this.#options.clock.nowMs();
    const attributes: Attributes = { ...laneAttributes(lane), 'mdp.sink': sink, 'mdp.rows': rows };
    if (failure !== null) attributes['error.type'] = failure.kind;
    const links = madeBy.map((made) => ({ context: spanContextOf(made) }));
    const startTime = endedAtMs - seconds * 1_000;
    const span = this.#tracer.startSpan('commit', { startTime, attributes, links }, contextOf(madeBy[0]));
    if (failure !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    span.end(endedAtMs);
  }

  async close(): Promise<void> {
    const { clock } = this.#options;
    const sent = new AbortController();
    const sending = this.#sdk.shutdown().catch((error: unknown) => this.#onTrouble(messageOf(error))).then(() => true);
    const isSent = await Promise.race([sending, clock.wait(closeMsMax, sent.signal).then(() => false)]);
    sent.abort();
    if (!isSent) this.#onTrouble(`the collector did not take the last spans within ${closeMsMax} ms.`);
  }
}

function laneAttributes({ name, source }: Lane): Attributes {
  return { 'mdp.lane': name, 'mdp.source': source };
}

/** Spans that others refer to are sampled: the others have no reference. */
function spanContextOf({ traceId, spanId }: SpanRef): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function contextOf(made: SpanRef): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(made));
}

/** To the trace of whoever wrote the record; none where that is not well formed, or OTEL_PROPAGATORS does not want it. */
function linksTo(traceParent: string | undefined): Link[] {
  if (traceParent === undefined) return [];
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent: traceParent }));
  return context === undefined ? [] : [{ context }];
}

/** Warnings and errors of the SDK. What it sent in vain it tells as JSON of an error. */
function troubleLogger(onTrouble: (problem: string) => void): DiagLogger {
  const tell = (message: string, ...rest: unknown[]): void => onTrouble([problemOf(message), ...rest.map(String)].join(' '));
  const ignore = (): void => {};
  return { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore };
}

function problemOf(message: string): string {
  if (!message.startsWith('{')) return message;
  try {
    const { message: text, code, name } = JSON.parse(message) as Readonly<Record<string, string | undefined>>;
    return [text, code].filter((part) => part !== undefined && part !== '').join(' ') || name || message;
  } catch {
    return message;
  }
}
