import { describe, expect, it } from 'vitest';
import { RuleBook } from '../../src/alerts/rule-book.ts';
import type { AlertRule } from '../../src/model/alert.ts';

const never = new AbortController().signal;
const rule: AlertRule = {
  id: 'r', version: 1, venue: 'v', symbol: 's', barSpec: '1m', condition: 'price_above', threshold: 1, indicator: null,
  validFromMs: null, expiresMs: null, isDeleted: false,
};

/** Rules as the database has them. */
class Shelf {
  change = 1;
  all: AlertRule[] = [rule];
  reads = 0;
  fault: Error | null = null;
  refusedId: string | null = null;
  readonly begun: unknown[] = [];

  async newestChange(): Promise<number> {
    if (this.fault !== null) throw this.fault;
    return this.change;
  }

  async readAll(): Promise<AlertRule[]> {
    this.reads++;
    return this.all;
  }

  async begin(begun: { id: string; version: number; validFromMs: number }): Promise<void> {
    if (this.fault !== null) throw this.fault;
    if (begun.id === this.refusedId) throw new Error('refused');
    this.begun.push(begun);
    this.change++;
    this.all = this.all.map((one) => (one.id === begun.id && one.version === begun.version
      ? { ...one, validFromMs: one.validFromMs ?? begun.validFromMs } : one));
  }
}

const bookOf = (store: Shelf, onBegun: () => void = () => {}): RuleBook => new RuleBook({ store, onBegun });

describe('the book of rules', () => {
  it('is read anew where something has changed, and then is another version', async () => {
    const shelf = new Shelf();
    const book = bookOf(shelf);
    await book.look(never);
    const { version } = book;
    await book.look(never);
    expect([shelf.reads, book.version]).toEqual([1, version]);
    shelf.change++;
    shelf.all = [];
    await book.look(never);
    expect([shelf.reads, book.all, book.version === version]).toEqual([2, [], false]);
  });

  it('knows at once where a lane has begun a rule, and writes it down', async () => {
    const shelf = new Shelf();
    const book = bookOf(shelf);
    await book.look(never);
    const { version } = book;
    book.begin(rule, 500);
    expect([book.all[0].validFromMs, book.version === version]).toEqual([500, false]);
    book.begin(rule, 900); // Another lane, later: it holds from where it has begun.
    await book.look(never);
    expect([shelf.begun, book.all[0].validFromMs]).toEqual([[{ id: 'r', version: 1, validFromMs: 500 }], 500]);
  });

  it('takes what the database says where another process has begun the rule before', async () => {
    const shelf = new Shelf();
    const book = bookOf(shelf);
    await book.look(never);
    shelf.all = [{ ...rule, validFromMs: 100 }];
    book.begin(rule, 500);
    await book.look(never);
    expect(book.all[0].validFromMs).toBe(100);
  });

  it('holds on to what it knows while the database is away, and forgets nothing that was begun', async () => {
    const shelf = new Shelf();
    const book = bookOf(shelf);
    await book.look(never);
    book.begin(rule, 500);
    shelf.fault = new Error('away');
    await expect(book.look(never)).rejects.toThrow('away');
    expect(book.all[0].validFromMs).toBe(500);
    shelf.fault = null;
    await book.look(never);
    expect(shelf.begun).toEqual([{ id: 'r', version: 1, validFromMs: 500 }]);
  });

  it('counts rules that ask something', async () => {
    const shelf = new Shelf();
    shelf.all = [rule, { ...rule, version: 2 }, { ...rule, id: 'x' }, { ...rule, id: 'y' }, { ...rule, id: 'y', version: 2, isDeleted: true }];
    const book = bookOf(shelf);
    await book.look(never);
    expect(book.count).toBe(2);
  });

  it('asks for a look where a lane has begun a rule, and only there', async () => {
    const shelf = new Shelf();
    const looks: Promise<void>[] = [];
    const book = bookOf(shelf, () => looks.push(book.look(never)));
    await book.look(never);
    book.begin(rule, 500);
    expect(looks).toHaveLength(1);
    await Promise.all(looks);
    expect(shelf.begun).toEqual([{ id: 'r', version: 1, validFromMs: 500 }]);
    book.begin(rule, 900);
    expect(looks).toHaveLength(1);
  });

  it('loses nothing that was begun where two looks overlap', async () => {
    const shelf = new Shelf();
    shelf.all = [rule, { ...rule, id: 'x' }];
    const book = bookOf(shelf);
    await book.look(never);
    book.begin(rule, 500);
    book.begin({ ...rule, id: 'x' }, 600);
    shelf.refusedId = 'x';
    await Promise.allSettled([book.look(never), book.look(never)]);
    shelf.refusedId = null;
    await book.look(never);
    expect(shelf.begun).toContainEqual({ id: 'x', version: 1, validFromMs: 600 });
  });
});
