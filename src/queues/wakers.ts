/** Resolves when the waker it adds to `wakers` is called, or `signal` fires; either way it leaves nothing behind. */
export function wakened(wakers: Set<() => void>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      wakers.delete(wake);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    wakers.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}
