import { describe, expect, it } from 'vitest';
import { CheckpointMarker } from '../../src/model/checkpoint.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { rowCount, type RowBatch } from '../../src/model/rows.ts';
import { SinkError, type Sink, type SinkFailure, type WriteResult } from '../../src/sinks/sink.ts';
import { barsOf, laneOf, type PlainBar } from '../support/batches.ts';
import { PoolRig } from '../support/sink-pool.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const lane = laneOf();
const minuteMs = 60_000;

function batch(rows: readonly PlainBar[], overrides: Partial<RowBatch> = {}): RowBatch {
  return { lane, shard: 0, bars: barsOf(rows), indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: [], openedAtMs: 0, ...overrides };
}

/** `count` new rows; `first` numbers their windows. */
function rows(count: number, first = 0): PlainBar[] {
  return Array.from({ length: count }, (_, index) => ({ openTimeMs: (first + index) * minuteMs, position: first + index }));
}

function committed(of: RowBatch): WriteResult {
  return { committed: rowCount(of), outdated: 0, direct: 0, setAside: [], fellBack: false };
}

/** Does what it was told, attempt by attempt, then commits everything. */
class ScriptedSink implements Sink {
  readonly name: string;
  readonly written: RowBatch[] = [];
  attempts = 0;
  closed = false;
  readonly breaker?: NonNullable<Sink['breaker']>;
  wants: (of: RowBatch) => boolean = () => true;
  readonly #script: ((of: RowBatch, abort: AbortSignal) => Promise<WriteResult>)[];

  constructor(
    script: ((of: RowBatch, abort: AbortSignal) => Promise<WriteResult>)[] = [], name = 'scripted', breaker?: Sink['breaker'],
  ) {
    this.#script = script;
    this.name = name;
    if (breaker !== undefined) this.breaker = breaker;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(of: RowBatch, abort: AbortSignal): Promise<WriteResult> {
    this.attempts++;
    const result = await (this.#script.shift() ?? (() => Promise.resolve(committed(of))))(of, abort);
    this.written.push(of);
    return result;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function fails(failure: SinkFailure): () => Promise<WriteResult> {
  return () => Promise.reject(new SinkError(failure, `planted ${failure.kind}`));
}

const hangs = (_: RowBatch, abort: AbortSignal): Promise<WriteResult> => new Promise((_, reject) => {
  abort.addEventListener('abort', () => reject(new SinkError({ kind: 'unavailable' }, 'aborted')));
});

function rigOf(sinks: readonly Sink[], workers = 1): { rig: PoolRig; clock: VirtualClock } {
  const clock = new VirtualClock();
  const rig = new PoolRig({ sinks, clock, workers });
  rig.diary.onHappening = () => expect(rig.imbalance(), rig.diary.lines.at(-1)).toBe(0);
  return { rig, clock };
}

describe('a pool of sink workers', () => {
  it('writes everything that was in the queues, closes its sinks and is done', async () => {
    const sink = new ScriptedSink();
    const { rig } = rigOf([sink], 2);
    for (let index = 0; index < 10; index++) rig.put(batch(rows(3, index * 3), { shard: index % 2 }));
    rig.close();
    await rig.pool.run();
    expect(rig.pool.rows).toMatchObject({ committed: 30, superseded: 0, setAside: 0, dropped: {} });
    expect(rig.pool.status()).toMatchObject({ batchesCommitted: 10, state: 'closed', workersBusy: 0, problem: null });
    expect(sink.closed).toBe(true);
  });

  it('writes a backlog of a lane as one batch, up to its limits', async () => {
    const sink = new ScriptedSink();
    const { rig } = rigOf([sink]);
    for (let index = 0; index < 50; index++) rig.put(batch(rows(500, index * 500)));
    rig.close();
    await rig.pool.run();
    // 4 x 512,000 bytes of 136 a row are 15,058 rows: 30 batches of 500.
    expect(sink.written.map(rowCount)).toEqual([15_000, 10_000]);
    expect(rig.pool.status().batchesCommitted).toBe(50);
  });

  it('does not let the backlog of one lane stand before the others', async () => {
    const sink = new ScriptedSink();
    const { rig } = rigOf([sink]);
    const other = laneOf({ name: 'test/other' });
    for (let index = 0; index < 100; index++) rig.put(batch(rows(500, index * 500)));
    rig.put(batch(rows(1), { lane: other }));
    rig.close();
    await rig.pool.run();
    expect(sink.written.findIndex((written) => written.lane === other)).toBe(1);
  });

  it('lets a newer row take the place of an older one in a backlog, and it is first where that was', async () => {
    const sink = new ScriptedSink();
    const { rig } = rigOf([sink]);
    rig.put(batch([{ openTimeMs: 0, position: 1, close: 1 }, { openTimeMs: minuteMs, position: 1 }]));
    rig.put(batch([{ openTimeMs: 0, position: 2, close: 2, again: 1 }]));
    rig.put(batch([{ openTimeMs: 0, position: 3, close: 3, again: 1 }, { openTimeMs: 5 * minuteMs, position: 3, again: 1 }]));
    rig.close();
    await rig.pool.run();
    const { bars } = sink.written[0];
    const plain = Array.from({ length: bars.length }, (_, row) => [bars.openTimeMs[row], bars.close[row], bars.again[row]]);
    expect(plain).toEqual([[0, 3, 0], [minuteMs, 100, 0], [5 * minuteMs, 100, 1]]);
    expect(rig.pool.rows).toMatchObject({ committed: 3, superseded: 2 });
  });
});

describe('a pool whose sink fails for a while', () => {
  it('tries the same batch again, after a random part of a wait that doubles', async () => {
    const sink = new ScriptedSink([fails({ kind: 'unavailable' }), fails({ kind: 'unknown' }), fails({ kind: 'unavailable' })]);
    const { rig, clock } = rigOf([sink]);
    const only = batch(rows(3));
    rig.put(only);
    rig.close();
    const running = rig.pool.run();
    // Half of 50, 100 and 200 ms: `random` gives 0.5.
    for (const [waitMs, attempts] of [[0, 1], [24, 1], [1, 2], [49, 2], [1, 3], [99, 3], [1, 4]] as const) {
      await clock.advance(waitMs);
      expect(sink.attempts).toBe(attempts);
    }
    await running;
    expect(sink.written).toEqual([only]);
    expect(rig.pool.tally).toMatchObject({ retries: 3, batchesFailed: { unavailable: 2, unknown: 1 }, problem: null });
  });

  it('opens its breaker after five failures in a row, lets one worker probe after 30 s, and goes on', async () => {
    const sink = new ScriptedSink(Array.from({ length: 6 }, () => fails({ kind: 'unavailable' })));
    const { rig, clock } = rigOf([sink], 2);
    rig.put(batch(rows(1), { shard: 0 }));
    rig.put(batch(rows(1, 1), { shard: 1 }));
    rig.close();
    const running = rig.pool.run();
    await clock.advance(20_000);
    expect(sink.attempts).toBe(5);
    expect(rig.pool.isOpen).toBe(true);
    expect(rig.pool.status()).toMatchObject({ state: 'open', breaker: 'open', problem: 'planted unavailable', workersBusy: 2 });
    await clock.advance(30_000);
    expect(sink.attempts).toBe(6); // The probe failed: both wait again.
    await clock.advance(60_000);
    await running;
    expect(rig.pool.rows.committed).toBe(2);
    expect(rig.pool.isOpen).toBe(false);
    expect(rig.diary.lines.filter((line) => line.startsWith('breaker')))
      .toEqual(['breaker open', 'breaker half-open', 'breaker open', 'breaker half-open', 'breaker closed']);
  });

  it('probes every second once it drains', async () => {
    const sink = new ScriptedSink(Array.from({ length: 12 }, () => fails({ kind: 'unavailable' })));
    const { rig, clock } = rigOf([sink]);
    rig.put(batch(rows(1)));
    rig.close();
    const running = rig.pool.run();
    await clock.advance(5_000);
    expect(sink.attempts).toBe(5);
    rig.pool.drain();
    await clock.advance(0); // It has been open for longer than a second.
    for (let probes = 1; probes <= 7; probes++) {
      expect(sink.attempts).toBe(5 + probes);
      await clock.advance(1_000);
    }
    await running;
    expect(rig.pool.rows.committed).toBe(1);
  });

  it('opens its sink as patiently as it writes', async () => {
    const sink = new ScriptedSink();
    let refusals = 7;
    sink.open = () => (refusals-- > 0 ? Promise.reject(new SinkError({ kind: 'unavailable' }, 'absent')) : Promise.resolve());
    const { rig, clock } = rigOf([sink]);
    rig.put(batch(rows(4)));
    rig.close();
    const running = rig.pool.run();
    await clock.advance(1_000);
    expect(rig.pool.status()).toMatchObject({ state: 'starting', problem: 'absent', breaker: 'open' });
    await clock.advance(120_000);
    await running;
    expect(rig.pool.rows.committed).toBe(4);
  });
});

describe('a pool whose sink is away', () => {
  it('holds one transaction a worker and leaves the rest in the queues', async () => {
    const sink = new ScriptedSink(Array.from({ length: 1_000 }, () => fails({ kind: 'unavailable' })));
    const { rig, clock } = rigOf([sink], 2);
    for (let index = 0; index < 200; index++) rig.put(batch(rows(500, index * 500), { shard: index % 2 }));
    const running = rig.pool.run();
    await clock.advance(3_600_000);
    expect(rig.pool.rowsInFlight()).toBe(30_000);
    expect(rig.queued()).toBe(70_000);
    rig.pool.abort();
    await running;
  });
});

describe('a pool whose sink refuses rows', () => {
  /** Refuses the rows with these positions, with or without saying which one it was. */
  const picky = (bad: readonly number[], tells: boolean): ScriptedSink => {
    const sink = new ScriptedSink();
    const write = sink.write.bind(sink);
    sink.write = (of, abort) => {
      const positions = [...of.bars.position.subarray(0, of.bars.length)];
      const rowIndex = positions.findIndex((position) => bad.includes(position));
      if (rowIndex === -1) return write(of, abort);
      return Promise.reject(new SinkError(tells ? { kind: 'bad-row', rowIndex } : { kind: 'bad-row' }, `bad ${rowIndex}`));
    };
    return sink;
  };

  it.each([{ tells: true, how: 'is told' }, { tells: false, how: 'must be found' }])(
    'sets aside the one that $how, and writes the others', async ({ tells }) => {
      const sink = picky([77, 4_321], tells);
      const { rig } = rigOf([sink]);
      rig.put(batch(rows(5_000)));
      rig.close();
      await rig.pool.run();
      expect(rig.pool.rows).toMatchObject({ committed: 4_998, setAside: 2, dropped: {} });
      const positions = sink.written.flatMap(({ bars }) => [...bars.position.subarray(0, bars.length)]);
      expect(positions.toSorted((a, b) => a - b)).toEqual(rows(5_000).map((row) => row.position!).filter((position) => ![77, 4_321].includes(position)));
      const letters = sink.written.flatMap(({ deadLetters }) => deadLetters);
      expect(letters.map(({ position, origin, reason }) => ({ position, origin, reason }))).toEqual([
        { position: 77, origin: 'row', reason: 'refused' }, { position: 4_321, origin: 'row', reason: 'refused' },
      ]);
      expect(JSON.parse(Buffer.from(letters[0].bytes).toString())).toMatchObject({ kind: 'bar', openTimeMs: 77 * minuteMs, position: 77 });
      expect(rig.pool.status().batchesCommitted).toBe(1);
    });

  it('does not count a row as set aside before its dead letter is stored', async () => {
    const sink = new ScriptedSink([fails({ kind: 'bad-row', rowIndex: 1 }), hangs]);
    const { rig, clock } = rigOf([sink]);
    rig.put(batch(rows(3)));
    rig.close();
    const running = rig.pool.run();
    await clock.advance(1);
    expect(rig.pool.rows).toMatchObject({ committed: 0, setAside: 0 });
    expect(rig.pool.rowsInFlight()).toBe(3);
    rig.pool.abort();
    await running;
    expect(rig.pool.rows).toMatchObject({ committed: 0, setAside: 0, dropped: { 'forced-end': 3 } });
  });

  it('gives up a dead letter that is refused as well, and says so', async () => {
    const sink = new ScriptedSink([fails({ kind: 'bad-row', rowIndex: 0 }), fails({ kind: 'bad-row' })]);
    const { rig } = rigOf([sink]);
    rig.put(batch(rows(1)));
    rig.close();
    await rig.pool.run();
    expect(rig.pool.rows).toMatchObject({ committed: 0, setAside: 0, dropped: { 'dead-letter-refused': 1 } });
  });

  it('counts the rows that the sink has set aside by itself', async () => {
    const letter = { origin: 'row', reason: 'other-lane', message: '', place: '', bytes: new Uint8Array(), position: 0, counter: 0, atMs: 0 } as const;
    const sink = new ScriptedSink([(of) => Promise.resolve({ ...committed(of), committed: 2, setAside: [letter] })]);
    const { rig } = rigOf([sink]);
    rig.put(batch(rows(3)));
    rig.close();
    await rig.pool.run();
    expect(rig.pool.rows).toMatchObject({ committed: 2, setAside: 1 });
    expect(rig.diary.count('set aside other-lane')).toBe(1);
  });

  it('divides a batch that is too large until it fits', async () => {
    const sink = new ScriptedSink();
    const write = sink.write.bind(sink);
    sink.write = (of, abort) => (rowCount(of) > 100 ? fails({ kind: 'too-large' })() : write(of, abort));
    const { rig } = rigOf([sink]);
    rig.put(batch(rows(1_000)));
    rig.close();
    await rig.pool.run();
    expect(rig.pool.rows.committed).toBe(1_000);
    expect(rig.pool.status().batchesCommitted).toBe(1);
    const positions = sink.written.flatMap(({ bars }) => [...bars.position.subarray(0, bars.length)]);
    expect(positions).toEqual(rows(1_000).map((row) => row.position));
  });

  it('drops the rows of a lane that somebody else has taken, and goes on with the others', async () => {
    const lost = laneOf({ name: 'test/lost' });
    const sink = new ScriptedSink();
    const write = sink.write.bind(sink);
    sink.write = (of, abort) => (of.lane === lost ? fails({ kind: 'lane-lost', lane: lost })() : write(of, abort));
    const { rig } = rigOf([sink]);
    for (let index = 0; index < 60; index++) rig.put(batch(rows(500, index * 500), { lane: lost }));
    rig.put(batch(rows(5)));
    rig.close();
    await rig.pool.run();
    expect(rig.pool.rows).toMatchObject({ committed: 5, dropped: { 'lane-lost': 30_000 } });
    expect(rig.diary.count('lane lost')).toBe(1);
    expect(rig.diary.count('failed')).toBe(1); // The second half was not even tried.
    expect(rig.pool.status()).toMatchObject({ batchesCommitted: 1, droppedBatches: { 'lane-lost': 60 } });
  });
});

describe('a checkpoint marker in a pool', () => {
  const markerOf = (of: typeof lane, ends: string[]): CheckpointMarker =>
    new CheckpointMarker(of, (isAccounted) => ends.push(`${of.name} ${isAccounted ? 'passed' : 'given up'}`));

  it('passes once the rows before it are committed, and not with those behind it', async () => {
    const ends: string[] = [];
    const sink = new ScriptedSink([fails({ kind: 'unavailable' }), fails({ kind: 'unknown' })]);
    const { rig, clock } = rigOf([sink]);
    rig.put(batch(rows(2)));
    rig.put(batch(rows(2, 2)));
    rig.mark(markerOf(lane, ends));
    rig.put(batch(rows(3, 4)));
    rig.close();
    const running = rig.pool.run();
    for (let step = 0; step < 200 && sink.written.length < 1; step++) {
      expect(ends).toEqual([]);
      await clock.advance(5);
    }
    expect(ends).toEqual(['test/source passed']);
    await running;
    expect(sink.written.map((of) => rowCount(of))).toEqual([4, 3]);
  });

  it('is given up where its lane was lost, for rows before it were dropped', async () => {
    const ends: string[] = [];
    const lost = laneOf({ name: 'test/lost' });
    const { rig } = rigOf([new ScriptedSink([fails({ kind: 'lane-lost', lane: lost })])]);
    rig.put(batch(rows(5), { lane: lost }));
    rig.mark(markerOf(lost, ends));
    rig.put(batch(rows(5)));
    rig.mark(markerOf(lane, ends));
    rig.close();
    await rig.pool.run();
    expect(ends.toSorted()).toEqual(['test/lost given up', 'test/source passed']);
  });
});

describe('a pool that must end', () => {
  it.each([
    { what: 'a failure of configuration', failure: fails({ kind: 'misconfigured' }), says: 'planted misconfigured' },
    { what: 'an error that no sink may throw', failure: () => Promise.reject(new TypeError('x is undefined')), says: 'x is undefined' },
  ])('says why, ends all workers and counts what was in hand: $what', async ({ failure, says }) => {
    const sink = new ScriptedSink([hangs, failure]);
    const { rig } = rigOf([sink], 2);
    rig.put(batch(rows(3), { shard: 0 }));
    rig.put(batch(rows(4, 3), { shard: 1 }));
    await expect(rig.pool.run()).rejects.toMatchObject({ name: 'MdpError', code: 'sink-failed', message: expect.stringContaining(says) });
    expect(rig.pool.status().state).toBe('failed');
    expect(rig.pool.rowsInFlight()).toBe(0);
    expect(Object.values(rig.pool.rows.dropped).reduce((sum, count) => sum + count, 0)).toBe(7);
    expect(rig.imbalance()).toBe(0);
    expect(sink.closed).toBe(true);
  });

  it.each([
    { where: 'in a write that hangs', script: [hangs], advanceMs: 10 },
    { where: 'in the wait after a failure', script: [fails({ kind: 'unavailable' })], advanceMs: 0 },
    { where: 'behind an open breaker', script: Array.from({ length: 9 }, () => fails({ kind: 'unavailable' })), advanceMs: 5_000 },
    { where: 'with nothing to do', script: [], advanceMs: 10 },
  ])('ends at once after abort, and says what was lost: $where', async ({ script, advanceMs }) => {
    const sink = new ScriptedSink(script);
    const { rig, clock } = rigOf([sink]);
    rig.put(batch(rows(3)));
    const running = rig.pool.run();
    await clock.advance(advanceMs);
    rig.pool.abort();
    await running; // Without any more time.
    expect(rig.pool.rowsInFlight()).toBe(0);
    expect(rig.imbalance()).toBe(0);
    expect(rig.pool.rows.committed + (rig.pool.rows.dropped['forced-end'] ?? 0)).toBe(3);
  });
});

describe('a pool with several sinks', () => {
  it('commits a batch when all have it, and repeats only those that have not', async () => {
    const first = new ScriptedSink([], 'first');
    const second = new ScriptedSink([fails({ kind: 'unavailable' }), fails({ kind: 'unknown' })], 'second');
    const { rig, clock } = rigOf([first, second]);
    rig.put(batch(rows(3)));
    rig.close();
    const running = rig.pool.run();
    await clock.advance(1);
    expect(rig.pool.rows.committed).toBe(0);
    await clock.advance(1_000);
    await running;
    expect([first.attempts, second.attempts]).toEqual([1, 3]);
    expect(rig.pool.rows.committed).toBe(3);
    expect(rig.pool.status().name).toBe('first+second');
  });

  it('leaves each alone by its own breaker: the other is written on', async () => {
    const first = new ScriptedSink([], 'first');
    const second = new ScriptedSink([fails({ kind: 'unavailable' })], 'second', { failures: 1, reset_ms: 5_000, drain_reset_ms: 1_000 });
    const { rig, clock } = rigOf([first, second], 2);
    rig.put(batch(rows(3)));
    const running = rig.pool.run();
    await clock.advance(1);
    expect([rig.pool.isOpen, rig.pool.status().breaker]).toEqual([true, 'open']);
    rig.put(batch(rows(4, 3), { shard: 1 }));
    await clock.advance(4_900);
    expect([first.attempts, second.attempts]).toEqual([2, 1]);
    expect(rig.pool.status().state).toBe('open');
    rig.close();
    await clock.advance(1_000);
    await running;
    expect([first.attempts, second.attempts]).toEqual([2, 3]);
    expect(rig.pool.rows.committed).toBe(7);
  });

  it('passes one by that wants nothing of the rows, also while its breaker is open', async () => {
    const first = new ScriptedSink([], 'first');
    const second = new ScriptedSink([fails({ kind: 'unavailable' })], 'second', { failures: 1, reset_ms: 5_000, drain_reset_ms: 1_000 });
    second.wants = (of: RowBatch): boolean => of.bars.length > 3;
    const { rig, clock } = rigOf([first, second], 2);
    rig.put(batch(rows(4)));
    const running = rig.pool.run();
    await clock.advance(1);
    expect(rig.pool.isOpen).toBe(true);
    rig.put(batch(rows(3, 4), { shard: 1 }));
    await clock.advance(1);
    expect([rig.pool.rows.committed, second.attempts, rig.pool.isOpen]).toEqual([3, 1, true]);
    rig.close();
    await clock.advance(6_000);
    await running;
    expect(rig.pool.rows.committed).toBe(7);
  });

  it('says what is wrong with one while the others write', async () => {
    const first = new ScriptedSink([], 'first');
    const second = new ScriptedSink([fails({ kind: 'unavailable' })], 'second');
    const { rig, clock } = rigOf([first, second], 2);
    rig.put(batch(rows(3)));
    const running = rig.pool.run();
    await clock.advance(1);
    expect(rig.pool.status().problem).toBe('planted unavailable');
    rig.close();
    await clock.advance(1_000);
    await running;
    expect(rig.pool.status().problem).toBeNull();
  });
});
