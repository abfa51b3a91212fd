/** A fault to plant: `find` stands exactly once in `file`; `shows` is the name of the test in `test` that must turn red. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly test: string;
  readonly shows: string;
}

const queue = { file: 'src/queues/bounded-queue.ts', test: 'tests/queues/bounded-queue.test.ts' };
const batcher = { file: 'src/sinks/row-batcher.ts', test: 'tests/sinks/row-batcher.test.ts' };

export const mutants: readonly Mutant[] = [
  {
    ...queue, name: 'a dropped batch without its gap',
    find: "const rest = this.options.remainder?.(dropped, 'oldest') ?? null;",
    replace: "this.options.remainder?.(dropped, 'oldest');\n    const rest = null;",
    shows: 'drops the oldest batch and leaves a gap in its place',
  },
  {
    ...queue, name: 'drop policies swapped',
    find: "if (this.options.policy === 'newest') {",
    replace: "if (this.options.policy === 'oldest') {",
    shows: 'drops the oldest batch and leaves a gap in its place',
  },
  {
    ...queue, name: 'a dropped batch that is not counted',
    find: "    this.#leave(dropped);\n    this.counts.dropped++;",
    replace: '    this.#leave(dropped);',
    shows: 'balances, keeps its bounds, and loses nothing',
  },
  {
    ...batcher, name: 'a row that forgets that it is first',
    find: '  bars.again[older] = again;',
    replace: '  void again;',
    shows: 'puts a newer row in the place of an older one of its key, which stays first',
  },
  {
    ...batcher, name: 'a batch that is never flushed',
    find: 'if (batch !== null && batch.openedAtMs + this.#options.settings.flush_ms <= nowMs) this.#close(shard);',
    replace: 'if (batch !== null && nowMs === Infinity) this.#close(shard);',
    shows: 'closes a batch when its first row has waited flush_ms',
  },
];
