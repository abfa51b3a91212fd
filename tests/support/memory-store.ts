import { deserialize } from 'node:v8';
import { MdpError } from '../../src/errors.ts';
import type { Checkpoint, CheckpointOutcome } from '../../src/model/checkpoint.ts';
import type { Lane, TakeMode } from '../../src/model/lane.ts';
import type { GrantedLane } from '../../src/pipeline-parts.ts';
import { SinkError } from '../../src/sinks/sink.ts';
import type { ActualBar } from '../oracle/compare.ts';

export interface StoredBar extends ActualBar {
  readonly lane: string;
  readonly generation: number;
}

/** What a transaction of the sink carries. */
export interface StoredRows {
  readonly bars: readonly StoredBar[];
  /** By key: `position/counter`. */
  readonly lateTicks: readonly string[];
}

/** The database as the protocol needs it: bars under the guard, the fence, and one checkpoint row that only moves forward. */
export class MemoryStore {
  readonly generations = new Map<string, number>();
  readonly bars = new Map<string, StoredBar>();
  readonly lateTicks = new Set<string>();
  readonly checkpoints = new Map<string, Checkpoint>();
  /** Told of every checkpoint that was written, while its rows can be looked at. */
  onCheckpoint: (checkpoint: Checkpoint) => void = () => {};
  isAway = false;

  take(lane: Omit<Lane, 'generation' | 'fromPosition' | 'storedUntilMs'>, mode: TakeMode): GrantedLane {
    if (this.isAway) throw new Error('away');
    const generation = mode === 'resume' ? this.generations.get(lane.name) ?? 1 : this.nextGeneration(lane.name);
    this.generations.set(lane.name, generation);
    const stored = this.checkpoints.get(lane.name);
    const known = stored?.generation === generation ? stored : null;
    return {
      start: {
        lane: { ...lane, generation, fromPosition: 0, storedUntilMs: -Infinity }, position: known?.position ?? 0,
        lastRecordHash: known?.lastRecordHash ?? null, startTimeMs: 0, newestEventTimeMs: null,
      },
      state: known === null ? null : deserialize(known.state),
    };
  }

  /** What another process does that tells the lane anew. Returns its generation. */
  nextGeneration(lane: string): number {
    const generation = (this.generations.get(lane) ?? 0) + 1;
    this.generations.set(lane, generation);
    return generation;
  }

  commit(lane: Lane, { bars, lateTicks }: StoredRows): void {
    if (this.isAway) throw new SinkError({ kind: 'unavailable' }, 'away');
    if (this.generations.get(lane.name)! > lane.generation) throw new SinkError({ kind: 'lane-lost', lane }, 'a newer telling');
    for (const bar of bars) {
      const key = `${bar.venue} ${bar.symbol} ${bar.spec} ${bar.openTimeMs}`;
      if (isBetter(bar, this.bars.get(key))) this.bars.set(key, bar);
    }
    for (const tick of lateTicks) this.lateTicks.add(tick);
  }

  write(checkpoint: Checkpoint): CheckpointOutcome {
    if (this.isAway) throw new MdpError('store-unavailable', 'away');
    const { lane, generation, position } = checkpoint;
    if (this.generations.get(lane)! > generation) return 'lost';
    const stored = this.checkpoints.get(lane);
    if (stored?.generation === generation && stored.position > position) return 'overtaken';
    this.checkpoints.set(lane, checkpoint);
    this.onCheckpoint(checkpoint);
    return 'written';
  }
}

/** The guard, in the words of the design. */
function isBetter(bar: StoredBar, stored: StoredBar | undefined): boolean {
  if (stored === undefined) return true;
  if (bar.generation !== stored.generation) {
    return bar.generation > stored.generation && (bar.whole || !stored.whole || stored.state !== 3);
  }
  return bar.position - stored.position > 0 || (bar.position === stored.position && bar.state > stored.state);
}
