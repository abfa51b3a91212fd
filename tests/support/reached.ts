/** How vitest.config.ts knows it: such a test is tried again, and only such a one. */
const beginning = 'Not reached: ';

/**
 * What a test was to try must have come about before it says anything: the fault, a record that was read twice. The speed
 * of a machine and chance decide that, so it is tried again, twice at most. What must be true is never asked with this.
 */
export function reached(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(`${beginning}${what}`);
}
