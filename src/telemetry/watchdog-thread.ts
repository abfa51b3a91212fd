import type { Debugger } from 'node:inspector';

/*
 * What the watchdog's thread runs. The thread is given these functions as text and nothing else, so that each may use
 * only the others, what Node has built in, and its arguments: loading a TypeScript file there would cost 18 MiB more.
 */

export interface WatchOptions {
  readonly memory: SharedArrayBuffer;
  readonly words: Readonly<Record<'beat' | 'stop' | 'longestTicks' | 'stalledTicks' | 'textLength', number>>;
  readonly textFrom: number; // Byte of the memory.
  readonly tickMs: number;
  /** So many ticks without a beat are noise. */
  readonly noiseTicks: number;
  /** So many ticks without a beat are the end. */
  readonly ticksMax: number;
  /** How long looking where the loop stands, and writing the report, may take each, ms. */
  readonly lastWordsMs: number;
  /** Null: only standard error is written to. */
  readonly file: string | null;
  readonly pipeline: string;
}

/**
 * Counts its own ticks that pass without a beat; those, not a clock, make a stall: while the whole process is stopped, or
 * the machine sleeps, neither thread has ticks.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { memory, words, tickMs, noiseTicks, ticksMax } = options;
  const board = new Int32Array(memory, 0, options.textFrom / 4);
  for (let silentTicks = 0, seen = 0; Atomics.wait(board, words.stop, 0, tickMs) === 'timed-out';) {
    const beats = Atomics.load(board, words.beat);
    silentTicks = beats === seen ? silentTicks + 1 : 0;
    seen = beats;
    if (silentTicks <= noiseTicks) continue;
    Atomics.add(board, words.stalledTicks, silentTicks === noiseTicks + 1 ? silentTicks : 1);
    Atomics.store(board, words.longestTicks, Math.max(Atomics.load(board, words.longestTicks), silentTicks));
    if (silentTicks >= ticksMax) return giveUp(options, silentTicks * tickMs);
  }
}

/** Says what is known and ends the process. Nothing that blocks may keep it from doing so: stderr may be what blocks. */
async function giveUp(options: WatchOptions, standsForMs: number): Promise<void> {
  const { write, writeFile } = process.getBuiltinModule('node:fs');
  const { textFrom, words, lastWordsMs } = options;
  const nowMs = Date.now();
  const length = Atomics.load(new Int32Array(options.memory, 0, textFrom / 4), words.textLength);
  const numbers: object = JSON.parse(Buffer.from(options.memory, textFrom, length).toString() || '{}');
  const stoodSince = new Date(nowMs - standsForMs).toISOString();
  const stack = await findStack(lastWordsMs);
  const time = new Date(nowMs).toISOString();
  const report = { kind: 'event-loop-stall', time, stoodSince, standsForMs, stack, ...numbers };
  const line = {
    level: 'fatal', pipeline: options.pipeline, ...report, report: options.file,
    msg: `The event loop has stood still for ${standsForMs / 1_000} s; the process ends itself with SIGKILL.`,
  };
  const end = (): void => { process.kill(process.pid, 'SIGKILL'); };
  setTimeout(end, lastWordsMs);
  const say = (): void => write(2, `${JSON.stringify(line)}\n`, end);
  if (options.file === null) say();
  else writeFile(options.file, `${JSON.stringify(report, null, 2)}\n`, say);
}

/** Where the loop stands, innermost call first; empty when it stands where no JavaScript runs. */
function findStack(longestMs: number): Promise<readonly string[]> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  const urls = new Map<string, string>();
  const nameOf = ({ functionName, location, url }: Debugger.CallFrame): string =>
    `${functionName || '(anonymous)'} (${urls.get(location.scriptId) ?? url}:${location.lineNumber + 1})`;
  return new Promise((resolve) => {
    setTimeout(resolve, longestMs, []);
    session.connectToMainThread();
    session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
    session.on('Debugger.paused', ({ params }) => resolve(params.callFrames.map(nameOf)));
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  });
}

/** The program of the thread; its `workerData` are the `WatchOptions`. */
export const threadProgram = [watch, giveUp, findStack].map(String)
  .concat("watch(process.getBuiltinModule('node:worker_threads').workerData);").join('\n');
