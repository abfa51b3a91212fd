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
