import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { Gap } from '../../src/model/gap.ts';
import { ofOneLane, type LaneStart, type Resume } from '../../src/model/lane.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import { SourceRunner, type LogItem, type RunSourceOptions, type SourceEvents } from '../../src/sources/run-source.ts';
import type { Source } from '../../src/sources/source.ts';
import { batchOf, laneOf } from '../support/batches.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const lane = laneOf({ complete: true });
const start: LaneStart = { lane, position: 0, lastRecordHash: null, startTimeMs: 0, newestEventTimeMs: null };

type Script = (resume: Resume, drain: AbortSignal, attempt: number) => AsyncIterable<TickBatch | Gap>;

function scripted(script: Script): Source {
  let attempt = 0;
  return { name: 'source', pausable: true, read: (resume, drain) => script(resume, drain, attempt++) };
}

interface Bench {
  readonly runner: SourceRunner;
  readonly clock: VirtualClock;
  readonly delivered: LogItem[];
  readonly happened: string[];
  readonly deliveredAtMs: number[];
}

function bench(script: Script, overrides: Partial<RunSourceOptions> = {}): Bench {
  const clock = new VirtualClock(0);
  const [delivered, happened, deliveredAtMs]: [LogItem[], string[], number[]] = [[], [], []];
  const events: SourceEvents = {
    batchRead: () => {},
    sourceStarted: () => happened.push('started'),
    sourceEnded: (_source, ticks) => happened.push(`ended ${ticks}`),
    sourceDisconnected: (_source, problem, retryInMs) => happened.push(`disconnected ${problem} ${retryInMs}`),
    sourceFailed: (_source, error) => happened.push(`failed ${error.code}`),
  };
  const runner = new SourceRunner({
    source: scripted(script), type: 'scripted', pacing: { max_msgs_per_sec: 0, burst: 0 }, speed: Infinity,
    resume: { ...ofOneLane, take: () => Promise.resolve(start) },
    deliver: (item) => {
      delivered.push(item);
      deliveredAtMs.push(clock.nowMs());
      return Promise.resolve(true);
    },
    sinkReady: () => Promise.resolve(), clock, events, ...overrides,
  });
  return { runner, clock, delivered, happened, deliveredAtMs };
}

const ticks = (first: number, count: number, everyMs = 10): TickBatch => batchOf(lane,
  Array.from({ length: count }, (_, n) => ({ eventTimeMs: (first + n) * everyMs, position: first + n })));

async function* steady(resume: Resume, batches: number, size: number): AsyncIterable<TickBatch> {
  const from = (await resume.take({ logIdentity: 'log', repeatable: true })).position;
  for (let first = from; first < batches * size; first += size) yield ticks(first, size);
}

describe('the runner of a source', () => {
  it('delivers every batch in order and then the end of the log', async () => {
    const { runner, delivered, happened } = bench((resume) => steady(resume, 3, 10));
    await runner.run(new AbortController().signal);
    expect(delivered.map((item) => item.kind)).toEqual(['ticks', 'ticks', 'ticks', 'end']);
    expect(delivered.at(-1)).toMatchObject({ position: 30 });
    expect(happened).toEqual(['started', 'ended 30']);
    expect(runner.status()).toMatchObject({ items: 30, state: 'ended' });
  });

  it('delivers no end when it was told to drain', async () => {
    const drain = new AbortController();
    const { runner, delivered } = bench(async function* (resume) {
      await resume.take({ logIdentity: 'log', repeatable: true });
      yield ticks(0, 5);
      drain.abort();
    });
    await runner.run(drain.signal);
    expect(delivered.map((item) => item.kind)).toEqual(['ticks']);
  });

  it('waits for the bucket, counts that it did, and drops nothing', async () => {
    const made = bench((resume) => steady(resume, 4, 100), { pacing: { max_msgs_per_sec: 1_000, burst: 100 } });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(1_000);
    await running;
    expect(made.deliveredAtMs.slice(0, 4)).toEqual([0, 100, 200, 300]);
    expect(made.runner.status()).toMatchObject({ items: 400, pacingBlocked: 3, pacingBlockedMs: 300 });
  });

  it('releases event time at a factor of real time', async () => {
    const made = bench((resume) => steady(resume, 3, 100), { speed: 10 });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(10_000);
    await running;
    expect(made.deliveredAtMs.slice(0, 3)).toEqual([0, 100, 200]);
  });

  it('waits while the sink cannot take rows', async () => {
    let open = true;
    const made = bench((resume) => steady(resume, 1, 1), {
      sinkReady: async (signal) => { while (open && !signal.aborted) await made.clock.wait(50, signal); },
    });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(500);
    expect(made.delivered).toEqual([]);
    open = false;
    await made.clock.advance(50);
    await running;
    expect(made.delivered).toHaveLength(2);
  });

  it('reads again after a fault, from the record where it stopped, waiting longer each time', async () => {
    const made = bench(async function* (resume, _drain, attempt) {
      const { position } = await resume.take({ logIdentity: 'log', repeatable: true });
      if (attempt === 0) {
        yield ticks(0, 5);
        throw new Error('lost');
      }
      if (attempt < 3) throw new Error('refused');
      yield ticks(position, 5);
    });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(60_000);
    await running;
    expect(made.happened).toEqual([
      'started', 'disconnected lost 250', 'disconnected refused 500', 'disconnected refused 1000', 'ended 10',
    ]);
    const positions = made.delivered.flatMap((item) => item.kind === 'ticks' ? [...item.position] : []);
    expect(positions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(made.runner.status()).toMatchObject({ disconnects: 3, reconnects: 3 });
  });

  it('knows the log again by the record that it handed on last, also over attempts that read nothing', async () => {
    const hashes: (string | null)[] = [];
    const made = bench(async function* (resume, _drain, attempt) {
      const { position, lastRecordHash } = await resume.take({ logIdentity: 'log', repeatable: true });
      hashes.push(lastRecordHash);
      if (attempt === 3) return;
      if (attempt % 2 === 0) yield { ...ticks(position, 5), lastRecord: Buffer.from(`record ${position + 4}`) };
      throw new Error('lost');
    });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(60_000);
    await running;
    const hashOf = (record: string): string => createHash('sha256').update(record).digest('hex');
    expect(hashes).toEqual([null, hashOf('record 4'), hashOf('record 4'), hashOf('record 9')]);
  });

  it('takes its lane up again when the database was away for it', async () => {
    let asked = 0;
    const take = (): Promise<LaneStart> => (++asked < 3
      ? Promise.reject(new MdpError('store-unavailable', 'canceling statement due to statement timeout'))
      : Promise.resolve(start));
    const made = bench((resume) => steady(resume, 2, 10), { resume: { ...ofOneLane, take } });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(10_000);
    await running;
    expect(made.delivered.map((item) => item.kind)).toEqual(['ticks', 'ticks', 'end']);
    expect(made.happened).toEqual([
      'started', 'disconnected canceling statement due to statement timeout 250',
      'disconnected canceling statement due to statement timeout 500', 'ended 20',
    ]);
  });

  it('does not retry what waiting does not cure', async () => {
    const failure = new MdpError('source-unreadable', 'no such file');
    const { runner, happened } = bench(() => { throw failure; });
    await runner.run(new AbortController().signal);
    expect(runner.failure).toBe(failure);
    expect(happened).toEqual(['started', 'failed source-unreadable']);
    expect(runner.status()).toMatchObject({ state: 'failed', problem: 'no such file' });
  });

  it.each([
    ['thrown', () => new TypeError('x is not a function')],
    ['behind an error', () => new Error('Could not read', { cause: new RangeError('out of range') })],
  ])('gives up on a fault of the program that comes again and again, though ticks come between: %s', async (_, fault) => {
    const made = bench(async function* (resume, _drain, attempt) {
      const { position } = await resume.take({ logIdentity: 'log', repeatable: true });
      yield ticks(position, 1);
      if (attempt < 9) throw fault();
    });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(60_000);
    await running;
    expect(made.happened.filter((what) => what.startsWith('disconnected'))).toHaveLength(4);
    expect(made.happened.at(-1)).toBe('failed source-failed');
    expect(made.runner.failure).toMatchObject({ code: 'source-failed', exitCode: 5 });
    expect(made.runner.failure!.message).toMatch(/5 times within an hour.*(not a function|Could not read) \(.*run-source\.test\.ts:\d+/);
  });

  it('does not give up on one that comes now and then, nor on the words of a lost connection', async () => {
    const faults = [...Array.from({ length: 8 }, () => new TypeError('x is not a function')),
      ...Array.from({ length: 8 }, () => new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }))];
    const made = bench(async function* (resume, _drain, attempt) {
      await resume.take({ logIdentity: 'log', repeatable: true });
      if (attempt < 8) await made.clock.wait(1_000_000, new AbortController().signal);
      if (faults[attempt] !== undefined) throw faults[attempt];
      yield ticks(0, 1);
    });
    const running = made.runner.run(new AbortController().signal);
    await made.clock.advance(20_000_000);
    await running;
    expect(made.runner.failure).toBeNull();
    expect(made.happened.at(-1)).toBe('ended 1');
  });

  it('counts the ticks it has in hand, and hands them over with the batch', async () => {
    const seen: number[] = [];
    const made = bench((resume) => steady(resume, 2, 7), {
      sinkReady: () => {
        seen.push(made.runner.ticksInHand);
        return Promise.resolve();
      },
    });
    await made.runner.run(new AbortController().signal);
    expect(seen).toEqual([7, 7]);
    expect(made.runner.ticksInHand).toBe(0);
  });
});
