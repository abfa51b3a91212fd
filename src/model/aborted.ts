/** Resolves when `signal` fires; never when `over`, which ends the waiting, fires before it. */
export function aborted(signal: AbortSignal, over?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true, ...(over === undefined ? {} : { signal: over }) });
  });
}
