import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MdpError } from '../../src/errors.ts';
import type { Gap } from '../../src/model/gap.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { ofOneLane, type LaneRequest, type LaneStart } from '../../src/model/lane.ts';
import type { Settings, ValuesOf } from '../../src/model/setting.ts';
import type { Reject, TickBatch } from '../../src/model/tick-batch.ts';
import { replaySource } from '../../src/sources/replay.ts';
import { replaySettings, type ReplayValues } from '../../src/sources/replay/settings.ts';
import type { SourceContext } from '../../src/sources/settings.ts';
import type { Source } from '../../src/sources/source.ts';
import { syntheticSource } from '../../src/sources/synthetic.ts';
import { syntheticSettings, type SyntheticValues } from '../../src/sources/synthetic/settings.ts';
import { laneOf } from '../support/batches.ts';

/** A tick as it came out of a source, with names instead of indexes. */
export interface SeenTick {
  readonly position: number;
  readonly order: number;
  readonly venue: string;
  readonly symbol: string;
  readonly price: number;
  readonly size: number;
  readonly side: number;
  readonly eventTimeMs: number;
  readonly tradeId: string | number | null;
}

/** Everything that one reading gave. */
export interface Seen {
  readonly ticks: SeenTick[];
  readonly rejects: Reject[];
  readonly gaps: Gap[];
  readonly requests: LaneRequest[];
  /** Length of each batch, without its rejects. */
  readonly batchLengths: number[];
  readonly atLogEnd: Set<boolean>;
  nextPosition: number;
  inexact: number;
  error: MdpError | null;
}

export interface TestSource {
  readonly source: Source;
  readonly instruments: InstrumentTable;
}

type Wishes<Values> = Partial<Values> & { readonly batchSpanMs?: number; readonly nowMs?: number };

export function syntheticOf(wishes: Wishes<SyntheticValues> = {}): TestSource {
  const values = { ...defaultsOf(syntheticSettings), speed: 'max', ...wishes };
  return made((context) => syntheticSource.create({ ...context, values }), wishes);
}

export function replayOf(wishes: Wishes<ReplayValues>): TestSource {
  const values = { ...defaultsOf(replaySettings), symbol: 'XYZ', ...wishes };
  return made((context) => replaySource.create({ ...context, values }), wishes);
}

function made(
  create: (context: Omit<SourceContext, 'values'>) => Source,
  wishes: { batchSpanMs?: number; nowMs?: number },
): TestSource {
  const instruments = new InstrumentTable();
  const nowMs = wishes.nowMs ?? 1_700_000_000_000;
  const batchSpanMs = wishes.batchSpanMs ?? Infinity;
  return { instruments, source: create({ name: 'test', instruments, clock: () => nowMs, batchSpanMs }) };
}

export function defaultsOf<S extends Settings>(settings: S): ValuesOf<S> {
  const entries: unknown[][] = Object.entries(settings).map(([key, setting]) => [key, setting.default]);
  return Object.fromEntries(entries);
}

export interface ReadOptions {
  readonly position?: number;
  readonly lastRecordHash?: string;
  readonly startTimeMs?: number;
  readonly newestEventTimeMs?: number | null;
  readonly knownUntilMs?: ReadonlyMap<string, number>;
  readonly drain?: AbortController;
  /** Called after each batch; whoever aborts the drain here stops the reading. */
  readonly afterBatch?: (seen: Seen) => void;
}

/** Reads until the source ends, fails with an MdpError or is drained. */
export async function readAll({ source, instruments }: TestSource, options: ReadOptions = {}): Promise<Seen> {
  const seen: Seen = {
    ticks: [],
    rejects: [],
    gaps: [],
    requests: [],
    batchLengths: [],
    atLogEnd: new Set(),
    nextPosition: -1,
    inexact: 0,
    error: null,
  };
  const start: LaneStart = {
    lane: laneOf(),
    position: options.position ?? 0,
    lastRecordHash: options.lastRecordHash ?? null,
    startTimeMs: options.startTimeMs ?? 1_700_000_000_000,
    newestEventTimeMs: options.newestEventTimeMs ?? null,
    ...(options.knownUntilMs === undefined ? {} : { knownUntilMs: options.knownUntilMs }),
  };
  const take = (request: LaneRequest): Promise<LaneStart> => {
    seen.requests.push(request);
    return Promise.resolve(start);
  };
  const drain = options.drain ?? new AbortController();
  try {
    for await (const item of source.read({ ...ofOneLane, take }, drain.signal)) {
      if (item.kind === 'gap') seen.gaps.push(item);
      else takeBatch(seen, item, instruments);
      options.afterBatch?.(seen);
    }
  } catch (error) {
    if (!(error instanceof MdpError)) throw error;
    seen.error = error;
  }
  return seen;
}

function takeBatch(seen: Seen, batch: TickBatch, instruments: InstrumentTable): void {
  for (let row = 0; row < batch.length; row++) {
    const instrument = batch.instrument[row];
    seen.ticks.push({
      position: batch.position[row],
      order: batch.order[row],
      venue: instruments.venue(instrument),
      symbol: instruments.symbol(instrument),
      price: batch.price[row],
      size: batch.size[row],
      side: batch.side[row],
      eventTimeMs: batch.eventTimeMs[row],
      tradeId: batch.tradeId?.[row] ?? null,
    });
  }
  seen.rejects.push(...batch.rejects);
  seen.batchLengths.push(batch.length);
  seen.atLogEnd.add(batch.atLogEnd);
  seen.nextPosition = batch.nextPosition;
  seen.inexact += batch.inexactCount;
}

/** A folder of its own for the files of a test, removed at its end: `using folder = new TestFolder()`. */
export class TestFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'mdp-sources-'));

  write(name: string, content: string | Uint8Array): string {
    const file = path.join(this.path, name);
    writeFileSync(file, content);
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
