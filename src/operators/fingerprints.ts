import { MdpError } from '../errors.ts';
import type { Lane } from '../model/lane.ts';

/** What gives a state its meaning, in words: values by the name of what they are of. */
export type Fingerprints = Readonly<Record<string, string>>;

/** One difference, in words. */
export function changeOf(name: string, was: string | undefined, is: string | undefined): string {
  return `${name} was ${was ?? 'not there'} and is ${is ?? 'not there'}`;
}

export function changesIn(saved: Fingerprints, own: Fingerprints): string[] {
  const names = new Set([...Object.keys(saved), ...Object.keys(own)]);
  return [...names].filter((name) => saved[name] !== own[name]).map((name) => changeOf(name, saved[name], own[name]));
}

/** Throws an MdpError `settings-changed` that names every change and says what can be done. */
export function refuseChanges({ name }: Lane, changes: readonly string[]): void {
  if (changes.length === 0) return;
  throw new MdpError('settings-changed', `Lane ${name} cannot go on from its checkpoint, because its rows would get ` +
    `another meaning: ${changes.join('; ')}. Put that back; or run \`mdp run --rebuild ${name}\` to fold its log again ` +
    `from the beginning; or run \`mdp run --from-now ${name}\` to go on from here, with bars that are not whole at first.`);
}

/** Throws an MdpError `checkpoint-unreadable` unless a part of a snapshot has the version that is read here. */
export function refuseVersion({ name }: Lane, part: string, { saved, own }: { saved: unknown; own: number }): void {
  if (saved === own) return;
  throw new MdpError('checkpoint-unreadable', `The checkpoint of lane ${name} was written by another version of mdp: its ` +
    `${part} has version ${String(saved)}, and this one reads ${own}. Run the version that wrote it, or run ` +
    `\`mdp run --rebuild ${name}\` to fold the log again from the beginning.`);
}
