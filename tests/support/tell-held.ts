import { isMainThread } from 'node:worker_threads';

/*
 * Loaded into a daemon by `--import`, beside `--expose-gc`: at SIGUSR2 it lets go what nobody holds, and says in a line of its log
 * how many bytes are left.
 */
if (isMainThread) {
  process.on('SIGUSR2', () => {
    for (let times = 0; times < 2; times++) globalThis.gc!(); // What a finalizer holds is free the second time.
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    process.stderr.write(`${JSON.stringify({ heldBytes: heapUsed + arrayBuffers })}\n`);
  });
}
