import type { Mutant } from './list.ts';

const lastWords = { file: 'src/commands/last-words.ts' };
const processes = { test: 'tests/acceptance/process-faults.test.ts' };

/** Faults of what a process leaves behind when it ends by a fault. */
export const processFaultMutants: readonly Mutant[] = [
  {
    ...processes, file: 'src/telemetry/watchdog-thread.ts', name: 'a watchdog that asks the clock, not its own ticks',
    find: 'beats === seen ? silentTicks + 1 : 0;',
    replace: "beats === seen ? Math.floor((Date.now() - (globalThis.atMs ??= Date.now())) / tickMs) : ((globalThis.atMs = Date.now()), 0);",
    shows: 'is let live when the whole process was stopped for longer',
  },
  {
    ...lastWords, ...processes, name: 'a heap report that shows the environment',
    find: "!execArgv.includes('--report-exclude-env') || ", replace: '',
    shows: 'where the environment could stand in it',
  },
  {
    ...lastWords, test: 'tests/commands/last-words.test.ts', name: 'a crash report with its secrets',
    find: 'JSON.parse(this.#redact(json))', replace: 'JSON.parse(json)',
    shows: 'are a report without secrets',
  },
  {
    file: 'src/telemetry/watchdog.ts', test: 'tests/telemetry/watchdog.test.ts', name: 'standstills that are never forgotten',
    find: 'nowMs - atMs <= lookBackMs', replace: 'atMs <= nowMs',
    shows: 'tells for a minute that the loop stood still',
  },
  {
    name: 'time that goes back with the clock of the machine', file: 'src/steady-time.ts', test: 'tests/steady-time.test.ts',
    find: 'this.#nowMs = Math.max(wallMs, slowedMs);', replace: 'this.#nowMs = wallMs;',
    shows: 'neither goes back nor stands still when the clock is set back, and is right again after twice that time',
  },
];
