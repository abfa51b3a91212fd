/** Waits until `condition` holds, by asking again and again; gives up after a while that no healthy machine needs. */
export async function eventually(condition: () => boolean | Promise<boolean>, longestMs = 30_000): Promise<void> {
  for (let waitedMs = 0; waitedMs < longestMs; waitedMs += 10) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited ${longestMs} ms in vain for: ${condition.toString()}`);
}
