/** As many as a window of any indicator can have: its numbers are kept with each bar that can still be revised. */
export const periodMax = 1_000;

/** Whether a number can be a count of bars. */
export function isPeriod(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min && value <= periodMax;
}
