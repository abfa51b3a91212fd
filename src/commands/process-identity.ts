import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessIdentity } from '../model/group-member.ts';

/** This process. */
export function thisProcess(instance: string | null): ProcessIdentity {
  return { instance, place: thisPlace(), pid: process.pid, startedAt: lookAt(process.pid)?.startedAt ?? null };
}

/**
 * Whether that process lives no more, for certain: it is not to be found where its id would have to mean it, or it bore the
 * name of an instance that is ours now. False where nobody here can tell.
 */
export function isGone(other: ProcessIdentity, own: ProcessIdentity): boolean {
  if (other.place !== null && other.place === own.place) return !isAlive(other);
  return other.instance !== null && other.instance === own.instance;
}

/** Only ESRCH says that there is none: processes of others may be hidden in /proc. */
function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  const found = lookAt(pid);
  if (found !== null) return found.startedAt === startedAt && !'ZX'.includes(found.state);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/**
 * A boot of a kernel, and in it a namespace of process ids and one of times: containers on one machine may bear one host
 * name and have the same process ids.
 */
function thisPlace(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const spaces = ['pid', 'time'].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    return [hostname(), boot, ...spaces].join(' ');
  } catch {
    return null; // Not Linux, or nothing of it is shown.
  }
}

/** Null: it is not there, or hidden. */
function lookAt(pid: number): { readonly state: string; readonly startedAt: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name before it may hold anything.
    return { state: fields[0], startedAt: fields[19] };
  } catch {
    return null;
  }
}
