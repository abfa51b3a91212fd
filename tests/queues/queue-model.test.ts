import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedQueue, type QueuePolicy } from '../../src/queues/bounded-queue.ts';

/** A batch has one id; a gap stands for those of the batches that were dropped there, and needs no room. */
interface Item {
  readonly ids: readonly number[];
  readonly gap: boolean;
  readonly bytes: number;
}

interface Bounds {
  readonly policy: QueuePolicy;
  readonly itemsMax: number;
  readonly bytesMax: number;
}

const gapOf = ({ ids }: Item): Item => ({ ids, gap: true, bytes: 0 });

/** What a bounded queue is, in lists. */
class Model {
  items: Item[] = [];
  waiting: Item[] = [];
  isClosed = false;
  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  put(item: Item): void {
    if (this.isClosed) return;
    if (this.waiting.length === 0 && this.#fits(item)) return this.#enter(item);
    if (this.#bounds.policy === 'block') return void this.waiting.push(item);
    if (this.#bounds.policy === 'newest') return this.#enter(gapOf(item));
    while (!this.#fits(item)) {
      const oldest = this.items.findIndex(({ gap }) => !gap);
      this.items[oldest] = gapOf(this.items[oldest]);
    }
    this.#enter(item);
  }

  take(): Item | undefined {
    const taken = this.items.shift();
    while (taken !== undefined && this.waiting.length > 0 && this.#fits(this.waiting[0])) this.#enter(this.waiting.shift()!);
    return taken;
  }

  close(): void {
    this.isClosed = true;
    this.waiting = [];
  }

  #fits({ gap, bytes }: Item): boolean {
    const batches = this.items.filter((item) => !item.gap);
    const held = batches.reduce((sum, item) => sum + item.bytes, 0);
    return gap || batches.length === 0 || (batches.length < this.#bounds.itemsMax && held + bytes <= this.#bounds.bytesMax);
  }

  /** Gaps that stand side by side are one. */
  #enter(item: Item): void {
    this.items = [...this.items, item].reduce<Item[]>((list, next) => {
      const last = list.at(-1);
      if (last?.gap !== true || !next.gap) return [...list, next];
      return [...list.slice(0, -1), { ...last, ids: [...last.ids, ...next.ids] }];
    }, []);
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('put' as const), bytes: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('gap' as const), bytes: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('take' as const), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('close' as const, 'abandon' as const), bytes: fc.constant(0) }) },
);
const bounds = fc.record({
  policy: fc.constantFrom<QueuePolicy>('block', 'oldest', 'newest'),
  itemsMax: fc.integer({ min: 1, max: 4 }), bytesMax: fc.integer({ min: 1, max: 30 }),
});

it('a bounded queue holds, gives, drops and keeps waiting what a list would, step by step', async () => {
  await fc.assert(fc.asyncProperty(bounds, fc.array(step, { maxLength: 40, size: 'max' }), async (given, steps) => {
    const queue = new BoundedQueue<Item>({
      ...given, bytesOf: ({ bytes }) => bytes, droppable: ({ gap }) => !gap, remainder: gapOf,
      merge: (before, after) => ({ ...before, ids: [...before.ids, ...after.ids] }),
    });
    const model = new Model(given);
    const [answers, expected]: [Promise<boolean>[], boolean[]] = [[], []];
    const out: Item[] = [];
    for (const [id, { act, bytes }] of steps.entries()) {
      if (act === 'put' || act === 'gap') {
        const item = { ids: [id], gap: act === 'gap', bytes };
        answers.push(queue.put(item));
        expected.push(!model.isClosed);
        model.put(item);
      } else if (act === 'take') {
        const taken = queue.tryTake();
        expect(taken).toEqual(model.take());
        if (taken !== undefined) out.push(taken);
      } else {
        // Who still waits is told that nothing came of it.
        expected.fill(false, expected.length - model.waiting.length);
        if (act === 'abandon') expect(queue.abandon()).toEqual([...model.items, ...model.waiting]);
        else queue.close();
        if (act === 'abandon') model.items = [];
        model.close();
      }
      expect([queue.items, queue.waiting]).toEqual([model.items, model.waiting]);
    }
    expected.length -= model.waiting.length;
    expect(await Promise.all(answers.slice(0, expected.length))).toEqual(expected);
    const ids = [...out, ...model.items].flatMap((item) => item.ids);
    expect(ids, 'the order of arrival').toEqual(ids.toSorted((a, b) => a - b));
  }), { numRuns: 500 });
});
