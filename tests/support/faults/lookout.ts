import { rowsImbalance, ticksImbalance, type PipelineStatus } from '../../../src/model/status.ts';

interface Standing {
  readonly position: number;
  readonly generation: number;
  readonly overtaken: number;
}

/** Looks at running pipelines and remembers the worst of what it saw. */
export class Lookout {
  /** What no look may ever see. */
  readonly problems: string[] = [];
  /** By lane: the furthest position that any run had read up to. */
  readonly furthest = new Map<string, number>();
  looks = 0;
  residentBytesMax = 0;
  /** By lane, of each run: one may stand behind another that ran before it, or that runs beside it. */
  readonly #positions = new WeakMap<object, Map<string, Standing>>();

  /** `run` tells the runs apart. */
  look(status: PipelineStatus, run: object, residentBytes = 0): void {
    this.looks++;
    this.residentBytesMax = Math.max(this.residentBytesMax, residentBytes);
    const positions = this.#positions.get(run) ?? new Map<string, Standing>();
    this.#positions.set(run, positions);
    const off = [ticksImbalance(status.ticks), rowsImbalance(status.rows)];
    if (off[0] !== 0) this.#report(`the ledger of ticks is off by ${off[0]}: ${JSON.stringify(status.ticks)}`);
    if (off[1] !== 0) this.#report(`the ledger of rows is off by ${off[1]}: ${JSON.stringify(status.rows)}`);
    const room = roomOf(status);
    if (room !== null) this.#report(room);
    for (const { name, position, generation, overtaken } of status.lanes) {
      const before = positions.get(name);
      const isSame = before?.overtaken === overtaken && before.generation === generation;
      if (isSame && position < before.position) {
        this.#report(`${name} went back from ${before.position} to ${position}`);
      }
      positions.set(name, { position, generation, overtaken });
      this.furthest.set(name, Math.max(position, this.furthest.get(name) ?? 0));
    }
  }

  /** One fault seen at every look is one fault. */
  #report(problem: string): void {
    if (this.problems.length < 20) this.problems.push(problem);
  }
}

/** Batches and bytes of rows that may wait, of all lanes together, and bytes of ticks, of each source: what is set by itself. */
const [rowBatchesMax, rowBytesMax, tickBytesMax] = [200, 16 * 1_048_576, 8 * 1_048_576];

/** What is wrong with the bounds of the queues, however many lanes there are; null: nothing. */
function roomOf({ lanes, sources }: PipelineStatus): string | null {
  const sum = (of: (lane: PipelineStatus['lanes'][number]) => number): number => lanes.reduce((total, lane) => total + of(lane), 0);
  const room = { batches: sum((lane) => lane.sinkQueue.capacity), rows: sum((lane) => lane.sinkQueue.bytesMax), ticks: sum((lane) => lane.opQueue.bytesMax) };
  const isBounded = room.batches <= rowBatchesMax && room.rows <= rowBytesMax && room.ticks <= sources.length * tickBytesMax;
  return isBounded ? null : `${lanes.length} lanes have more room than is set: ${JSON.stringify(room)}`;
}
