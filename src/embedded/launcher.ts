import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MdpError, messageOf } from '../errors.ts';
import { isHeld, lockPath, readLock } from './directory-lock.ts';
import type { ProcessMessage } from './process.ts';

export interface EmbeddedOptions {
  /** Made when it is missing. Holds the cluster (`pg/`) and `embedded.json` with the address. */
  readonly dataDir: string;
  /** On 127.0.0.1; 0 or absent: any free one. */
  readonly port?: number;
  /** What people must know, a sentence each. */
  readonly log: (sentence: string) => void;
}

export interface Embedded {
  readonly url: string;
  readonly pid: number;
  /** Resolves once the process is gone: null after `close`, an MdpError `embedded-failed` when it died by itself. */
  readonly exited: Promise<MdpError | null>;
  /** Rolls back what is open, checkpoints, ends the process. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts the embedded TimescaleDB in a process of its own and waits until it answers: about half a second, three where
 * the cluster must be made. Throws an MdpError `embedded-failed`. When this process ends, the other one does too.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = resolve(options.dataDir);
  const program = fileURLToPath(new URL('process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, String(options.port ?? 0)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errorText = keepEnd(child);
  let failure = '';
  let closing = false;
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (code, signal) =>
      resolve(failure || errorText() || (signal === null ? `exit code ${code}` : `it was ended by ${signal}`)));
  });
  const ready = new Promise<string>((resolve) => {
    child.on('message', (message: ProcessMessage) => {
      if ('ready' in message) resolve(message.ready);
      else failure = message.failed;
    });
  });
  const url = await Promise.race([ready, gone.then((why) => Promise.reject(died(why, dataDir)))]);
  options.log(`The embedded TimescaleDB runs in ${dataDir} at ${url}: for trying things out, never for production.`);
  return {
    url,
    pid: child.pid!,
    exited: gone.then((why) => (closing ? null : died(why, dataDir))),
    async close() {
      closing = true;
      if (child.connected) child.send('close', () => {});
      await gone;
    },
  };
}

/** The address of an embedded TimescaleDB that runs in this directory, or null. */
export async function runningEmbedded(dataDir: string): Promise<string | null> {
  const held = readLock(lockPath(resolve(dataDir)));
  return held !== null && (await isHeld(held)) ? held.url : null;
}

function died(why: string, dataDir: string): MdpError {
  return new MdpError(
    'embedded-failed',
    `The embedded TimescaleDB in ${dataDir} is not there: ${why.replace(/\.$/, '')}. What was committed is safe. ` +
      'Start again, or set DATABASE_URL to a database of your own.',
  );
}

const errorTextMax = 4_096;

/** The last of what the process wrote on stderr. */
function keepEnd(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => { text = (text + chunk).slice(-errorTextMax); });
  return () => text.trim();
}
