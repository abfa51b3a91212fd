import type {
  ComparedColumn, Expectation, ExpectedBar, ExpectedCell, StoredBars, VerifiedBar,
} from './verify/expectation.ts';

export interface VerifyOptions {
  readonly venue: string;
  readonly symbol: string;
  /** Canonical name of a bar spec. */
  readonly spec: string;
  /** `carry`: empty intervals are compared too, as reading with fill=carry shows them. */
  readonly fill: 'none' | 'carry';
}

/** One thing that is not as expected. A row that is missing or unexpected has no column. */
export interface Difference {
  readonly openTimeMs: number;
  readonly column: ComparedColumn | null;
  readonly stored: number | 'nothing' | 'a bar';
  readonly expected: number | 'nothing' | 'a bar';
}

export interface VerifyReport extends VerifyOptions {
  readonly against: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Bars that agree in every compared column; of these, those that a fill made. */
  readonly equal: number;
  readonly equalFilled: number;
  readonly different: number;
  readonly missing: number;
  /** Of these, bars that were expected with volume 0. */
  readonly missingEmpty: number;
  readonly unexpected: number;
  readonly columns: readonly ComparedColumn[];
  /** The first of them, at most `differencesMax`. */
  readonly differences: readonly Difference[];
  readonly differencesTotal: number;
}

/** More than this nobody reads: 10,000 differences of some 100 bytes are 1 MB of JSON. */
export const differencesMax = 10_000;

/** Compares the stored bars in the range of `expectation` with it, row by row. Reads both as streams. */
export async function verify(
  options: VerifyOptions, expectation: Expectation, stored: StoredBars,
): Promise<VerifyReport> {
  const range = await expectation.range();
  const tally = new Tally();
  const { venue, symbol, spec, fill } = options;
  const rows = stored.read({ venue, symbol, spec, fill, ...range })[Symbol.asyncIterator]();
  try {
    await walk(rows, expectation.bars(), tally);
  } finally {
    await rows.return?.();
  }
  return { venue, symbol, spec, fill, against: expectation.name, ...range, ...tally.result() };
}

/** Side by side along the open times, each read once. */
async function walk(
  rows: AsyncIterator<VerifiedBar>, bars: AsyncIterable<ExpectedBar>, tally: Tally,
): Promise<void> {
  let row = await rows.next();
  for await (const bar of bars) {
    while (row.done !== true && row.value.openTimeMs < bar.openTimeMs) {
      tally.unexpected(row.value);
      row = await rows.next();
    }
    if (row.done === true || row.value.openTimeMs > bar.openTimeMs) {
      tally.missing(bar);
    } else {
      tally.both(row.value, bar);
      row = await rows.next();
    }
  }
  for (; row.done !== true; row = await rows.next()) tally.unexpected(row.value);
}

export function agrees(report: VerifyReport): boolean {
  return report.different === 0 && report.missing === 0 && report.unexpected === 0;
}

class Tally {
  readonly #counts = { equal: 0, equalFilled: 0, different: 0, missing: 0, missingEmpty: 0, unexpected: 0 };
  readonly #columns = new Set<ComparedColumn>();
  readonly #differences: Difference[] = [];
  #differencesTotal = 0;

  missing(bar: ExpectedBar): void {
    this.#counts.missing++;
    if (bar.cells.some(({ column, value }) => column === 'volume' && value === 0)) this.#counts.missingEmpty++;
    this.#note({ openTimeMs: bar.openTimeMs, column: null, stored: 'nothing', expected: 'a bar' });
  }

  unexpected({ openTimeMs, filled }: VerifiedBar): void {
    if (filled) return; // Made by the fill, not stored: nothing stands in the table that must not.
    this.#counts.unexpected++;
    this.#note({ openTimeMs, column: null, stored: 'a bar', expected: 'nothing' });
  }

  both(row: VerifiedBar, bar: ExpectedBar): void {
    const unequal = bar.cells.filter((cell) => !isEqual(row.values[cell.column] ?? null, cell));
    for (const { column } of bar.cells) this.#columns.add(column);
    for (const { column, value } of unequal) {
      const storedValue = row.values[column] ?? 'nothing';
      this.#note({ openTimeMs: bar.openTimeMs, column, stored: storedValue, expected: value ?? 'nothing' });
    }
    if (unequal.length > 0) this.#counts.different++;
    else this.#counts.equal++;
    if (unequal.length === 0 && row.filled) this.#counts.equalFilled++;
  }

  result(): Omit<VerifyReport, keyof VerifyOptions | 'against' | 'fromMs' | 'untilMs'> {
    return {
      ...this.#counts, columns: [...this.#columns],
      differences: this.#differences, differencesTotal: this.#differencesTotal,
    };
  }

  #note(difference: Difference): void {
    this.#differencesTotal++;
    if (this.#differences.length < differencesMax) this.#differences.push(difference);
  }
}

function isEqual(stored: number | null, { value, decimals }: ExpectedCell): boolean {
  if (stored === null || value === null) return stored === value;
  if (decimals === null) return stored === value;
  return Number(stored.toFixed(decimals)) === Number(value.toFixed(decimals));
}
