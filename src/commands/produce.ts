import { loadConfig } from '../config.ts';
import { MdpError } from '../errors.ts';
import { createClient } from '../kafka/client.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import { systemClock } from '../lifecycle.ts';
import { aborted } from '../model/aborted.ts';
import type { Clock } from '../model/clock.ts';
import { InstrumentTable } from '../model/instruments.ts';
import { ofOneLane, type Lane, type Resume } from '../model/lane.ts';
import type { Reject } from '../model/tick-batch.ts';
import { TokenBucket } from '../pacing/token-bucket.ts';
import { TickMessages } from '../sources/kafka/decoders/tick-messages.ts';
import { createSource } from '../sources/registry.ts';
import type { Source } from '../sources/source.ts';
import { BrokerCalls } from './broker-calls.ts';
import { kafkaBreaker } from './kafka-sink.ts';
import { showProgress, type MovingStatus } from './progress.ts';
import { replayValues, type ReplayConfig } from './replay-values.ts';
import { Signals } from './signals.ts';
import { TickWriter } from './tick-writer.ts';

export interface ProduceCommand {
  readonly file: readonly string[];
  readonly topic: string;
  /** Ticks a second; absent: no limit. */
  readonly rate?: number;
  readonly source?: string;
  readonly venue?: string;
  readonly symbol?: string;
  readonly format?: ReplayConfig['format'];
  /** `ours=theirs`. */
  readonly field: readonly string[];
  readonly eventTimeUnit?: ReplayConfig['event_time_unit'];
  readonly ids?: ReplayConfig['ids'];
  /** Seconds. */
  readonly wait: number;
  readonly configFile: string;
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/** What is under way is waited for so long once a signal has come, ms: a broker that answers takes a batch in less. */
const partingMs = 5_000;
const lane: Lane = {
  name: 'produce', source: 'produce', generation: 1, pausable: true, complete: false, fromPosition: 0,
  storedUntilMs: Infinity,
};
const fromBeginning: Resume = {
  ...ofOneLane,
  take: async () => ({ lane, position: 0, lastRecordHash: null, startTimeMs: 0, newestEventTimeMs: null }),
};

/**
 * `mdp produce`: writes the ticks of files to a topic, each once however often brokers go away meanwhile. Throws an MdpError
 * where the files cannot be read or the brokers stay away; what was written before stays written. A signal ends it behind
 * the batch that is under way.
 */
export async function produce(options: ProduceCommand): Promise<void> {
  const { config } = loadConfig({ file: options.configFile, overlays: options.config, flags: options.set });
  const instruments = new InstrumentTable();
  const values = valuesOf(options, replayValues(options.source, config));
  const source = createSource('replay', {
    name: options.source ?? 'produce', values, instruments, clock: () => systemClock.nowMs(), batchSpanMs: Infinity,
  });
  const kafka = createClient({ values: config.kafka, log: () => {}, retry: { retries: 3 } }); // It is for us to wait longer.
  const isVenueSaid = options.venue !== undefined || options.source !== undefined;
  const signals = new Signals();
  const calls = new BrokerCalls({
    clock: systemClock, brokers: config.kafka.brokers, breaker: kafkaBreaker(config), longestMs: options.wait * 1_000,
    signal: signals.stopped, tell: (sentence) => void process.stderr.write(`${sentence}\n`),
  });
  try {
    const production = new Production(source, { options, calls, clock: systemClock, signal: signals.stopped });
    await production.run({
      open: () => TopicProducer.open(kafka, options.topic),
      messages: new TickMessages(instruments, isVenueSaid ? null : values.venue),
    });
  } finally {
    signals.dieOfIt();
  }
}

/** Throws an MdpError `usage`. */
function valuesOf(options: ProduceCommand, read: ReplayConfig): ReplayConfig {
  const { rate, venue, symbol, format, eventTimeUnit, ids } = options;
  const fields = options.field.map((text) => {
    const [, ours, theirs] = /^([a-z_]+)=(.+)$/.exec(text) ?? [];
    if (ours !== undefined) return [ours, theirs];
    throw new MdpError('usage', `--field "${text}" is not like price=p: our name, =, and the name in the files.`);
  });
  return {
    ...read, files: options.file, follow: false, speed: 'max', fields: { ...read.fields, ...Object.fromEntries(fields) },
    batch_ticks: batchTicks(rate),
    ...(venue === undefined ? {} : { venue }), ...(symbol === undefined ? {} : { symbol }),
    ...(format === undefined ? {} : { format }), ...(ids === undefined ? {} : { ids }),
    ...(eventTimeUnit === undefined ? {} : { event_time_unit: eventTimeUnit }),
  };
}

/** Ten batches a second where a rate is asked for, so that it is even; else such as keep a connection busy. */
function batchTicks(rate = Infinity): number {
  return Math.ceil(Math.min(4_000, rate / 10));
}

interface Way {
  readonly options: ProduceCommand;
  readonly calls: BrokerCalls;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One reading of the files. */
class Production {
  readonly #source: Source;
  readonly #way: Way;
  readonly #rejected = new Map<string, number>();
  #firstReject: Reject | null = null;
  #writer: TickWriter | null = null;
  #startedAtMs = 0;

  constructor(source: Source, way: Way) {
    this.#source = source;
    this.#way = way;
  }

  async run(parts: { readonly open: () => Promise<TopicProducer>; readonly messages: TickMessages }): Promise<void> {
    const { options: { topic }, calls, clock } = this.#way;
    const doing = `write to the topic "${topic}"`;
    const persist = <T>(work: () => Promise<T>): Promise<T> => calls.make(doing, work);
    const producer = await persist(parts.open);
    const writer = this.#writer = new TickWriter({ producer, messages: parts.messages, persist });
    const ended = new AbortController();
    this.#startedAtMs = clock.nowMs();
    const progress = showProgress({ status: () => this.#status() }, {
      clock, stream: process.stderr, until: ended.signal,
    });
    try {
      await this.#writeAll(writer);
    } catch (error) {
      throw error instanceof MdpError ? new MdpError(error.code, `${error.message} ${countOf(writer)}`, error) : error;
    } finally {
      ended.abort();
      await progress;
      await producer.close();
    }
    this.#sayEnd(writer, producer.partitions);
  }

  /** While a batch is under way the next one is read. */
  async #writeAll(writer: TickWriter): Promise<void> {
    const { options: { rate = 0 }, clock, signal } = this.#way;
    const bucket = new TokenBucket({ max_msgs_per_sec: rate, burst: rate === 0 ? 0 : batchTicks(rate) }, clock.nowMs());
    const stopped = aborted(signal);
    let writing = Promise.resolve();
    for await (const batch of this.#source.read(fromBeginning, signal)) {
      if (batch.kind === 'gap') continue; // Files have none.
      this.#reject(batch.rejects);
      await Promise.race([writing, stopped]);
      for (let waitMs = 1; waitMs > 0 && !signal.aborted;) {
        waitMs = bucket.take(batch.length, clock.nowMs());
        if (waitMs > 0) await clock.wait(waitMs, signal);
      }
      if (signal.aborted) break;
      writing = writer.write(batch).finally(() => batch.release?.());
      writing.catch(() => {}); // It is awaited before the next batch, or below.
    }
    const written = writing.catch((error: unknown) => {
      if (!signal.aborted) throw error; // Who was told to stop knows that something may be missing.
    });
    await Promise.race([written, stopped.then(() => clock.wait(partingMs))]);
  }

  #reject(rejects: readonly Reject[]): void {
    for (const reject of rejects) {
      this.#firstReject ??= reject;
      this.#rejected.set(reject.reason, (this.#rejected.get(reject.reason) ?? 0) + 1);
    }
  }

  #status(): MovingStatus {
    const { options, clock } = this.#way;
    const moving = {
      name: options.topic, state: 'reading', share: this.#source.progress?.().share ?? null,
      items: this.#writer?.written ?? 0,
    } as const;
    return { nowMs: clock.nowMs(), startedAtMs: this.#startedAtMs, sources: [moving] };
  }

  #sayEnd(writer: TickWriter, partitions: number): void {
    const { options: { topic }, clock, signal } = this.#way;
    const seconds = (clock.nowMs() - this.#startedAtMs) / 1_000;
    const perSecond = Math.round(writer.written / Math.max(seconds, 0.001));
    const ended = signal.aborted ? 'Stopped before the end: ' : '';
    say(`${ended}${number(writer.written)} ticks written to ${topic} (${counted(partitions, 'partition')}) in ` +
      `${seconds.toFixed(1)} s, ${number(perSecond)} ticks/s.`);
    if (this.#firstReject === null) return;
    const reasons = [...this.#rejected].map(([reason, count]) => `${reason} ${number(count)}`).join(', ');
    const total = [...this.#rejected.values()].reduce((sum, count) => sum + count, 0);
    say(`${counted(total, 'record')} left out, as no tick can be read from them: ${reasons}. The first is ` +
      `${this.#firstReject.place}: ${this.#firstReject.message}.`);
  }
}

function countOf({ written }: TickWriter): string {
  return `${number(written)} ticks are written for sure.`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
