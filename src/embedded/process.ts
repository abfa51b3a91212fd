/**
 * The process of the embedded TimescaleDB: `node process.ts DATA_DIR PORT`, one of its own because a query blocks the
 * thread that runs it. It tells its parent `{ ready: url }` or `{ failed: message }` and closes the database when the
 * parent says `close` or is gone, and on SIGTERM once the last client has left (at once on a second one). SIGINT comes
 * from a terminal to the whole process group: the daemon gets it too, drains first and then closes us.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import { EmbeddedDatabase } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { SharedSession } from './shared-session.ts';
import { copyTemplate } from './template.ts';
import { listen, type WireFront } from './wire-front.ts';

export type ProcessMessage = { readonly ready: string } | { readonly failed: string };

/** A million bars in one COPY. It is held once here and once in the socket's buffers, beside the server's 350 MB. */
const batchBytesMax = 64 * 2 ** 20;
const answerBytesMax = 256 * 2 ** 20;
const idleInTransactionMsMax = 30_000;

const clock: Pick<Clock, 'wait'> = {
  wait: (ms, signal) => setTimeout(ms, undefined, { ref: false, ...(signal && { signal }) }).catch(() => {}),
};

async function main(dataDirectory: string, portWanted: number): Promise<void> {
  process.on('SIGINT', () => { if (!process.connected) process.kill(process.pid, 'SIGTERM'); });
  const front = await listen(portWanted, { batchBytesMax, idleInTransactionMsMax, clock });
  const { port } = front;
  const url = `postgresql://postgres@127.0.0.1:${port}/mdp`;
  const lock = await lockDirectory(dataDirectory, { url, pid: process.pid, port });
  try {
    const database = await openCluster(dataDirectory);
    const session = new SharedSession(database);
    closeWhenAsked(front, async () => {
      await front.close();
      await database.close();
      lock.release();
    });
    front.serve(session, fail);
    tell({ ready: url });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A cluster that was not made to its end would never open again: it is made anew. */
async function openCluster(dataDirectory: string): Promise<EmbeddedDatabase> {
  const cluster = join(dataDirectory, 'pg');
  const unfinished = join(dataDirectory, 'pg.unfinished');
  if (existsSync(unfinished)) rmSync(cluster, { recursive: true, force: true });
  if (!existsSync(cluster)) {
    writeFileSync(unfinished, '');
    if (!copyTemplate(cluster)) mkdirSync(cluster);
  }
  const database = await EmbeddedDatabase.open(cluster, answerBytesMax);
  rmSync(unfinished, { force: true });
  return database;
}

function closeWhenAsked(front: WireFront, close: () => Promise<void>): void {
  let closing = false;
  const closeOnce = (): void => {
    if (closing) return;
    closing = true;
    close().then(() => process.exit(0), fail);
  };
  let terminated = false;
  process.on('message', (message) => { if (message === 'close') closeOnce(); });
  process.on('disconnect', closeOnce);
  process.on('SIGTERM', () => {
    if (terminated || !process.connected) closeOnce();
    else front.whenEmpty(closeOnce);
    terminated = true;
  });
  if (process.send !== undefined && !process.connected) closeOnce(); // The parent died while the database opened.
}

/** The parent hears why and the process ends; what was committed is in the directory. */
function fail(error: unknown): void {
  const message = messageOf(error);
  const end = (): void => process.exit(1);
  if (process.send === undefined || !process.connected) process.stderr.write(`${message}\n`, end);
  else tell({ failed: message }, end);
}

function tell(message: ProcessMessage, told: () => void = () => {}): void {
  process.send?.(message, told);
}

main(resolve(process.argv[2] ?? 'data'), Number(process.argv[3] ?? 0)).catch(fail);
