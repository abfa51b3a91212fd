import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'node',
    // Servers and child processes are real: two files side by side keep both cores busy without starving either.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A poll ends when what it waits for is there; on a busy machine that is not within the second that is usual.
    expect: { poll: { timeout: 20_000 } },
    // A fault that a busy machine kept from happening shows nothing: tests/support/reached.ts. Nothing else is tried again.
    retry: { count: 2, condition: /^Not reached: / },
  },
});
