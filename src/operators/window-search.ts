/** Start of the step that holds `timeMs`. Exact: `%` of doubles does not round; floor, for times before 1970 too. */
export function floorTo(timeMs: number, stepMs: number): number {
  const whole = Math.floor(timeMs);
  return whole - (((whole % stepMs) + stepMs) % stepMs);
}

/** Index of the first window that opens after `timeMs`; windows are in order of time. */
export function firstAfter(windows: readonly { readonly openMs: number }[], timeMs: number): number {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (windows[middle].openMs > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How many windows end at `untilMs` or before; windows are in order of time. */
export function endedBy(windows: readonly { readonly endMs: number }[], untilMs: number): number {
  let count = 0;
  while (count < windows.length && windows[count].endMs <= untilMs) count++;
  return count;
}
