import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isGone, thisProcess } from '../../src/commands/process-identity.ts';
import type { ProcessIdentity } from '../../src/model/group-member.ts';
import { eventually } from '../support/eventually.ts';

const own = thisProcess(null);

/** Another process of this machine, as it would say of itself. */
async function another(): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return { child, identity: { ...own, pid: child.pid!, startedAt: stat[19] } };
}

describe.skipIf(own.place === null)('a process', () => {
  it('is not gone while it lives, runs or not, and is gone when it was killed', async () => {
    const { child, identity } = await another();
    expect(isGone(identity, own)).toBe(false);
    child.kill('SIGSTOP');
    await eventually(() => / T /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
    expect(isGone(identity, own)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isGone(identity, own)).toBe(true);
  });

  it('is gone when its id is that of another one now', async () => {
    const { child, identity } = await another();
    expect(isGone({ ...identity, startedAt: '1' }, own)).toBe(true);
    child.kill('SIGKILL');
  });

  it('of another place is never gone, whatever its id means here', () => {
    const nowhere = { ...own, pid: 2 ** 22 - 1, startedAt: '1' };
    expect(existsSync(`/proc/${nowhere.pid}`)).toBe(false);
    expect(isGone(nowhere, own)).toBe(true);
    expect(isGone({ ...nowhere, place: 'another machine' }, own)).toBe(false);
    expect(isGone({ ...nowhere, place: null }, own)).toBe(false);
    expect(isGone({ ...nowhere, place: null }, { ...own, place: null })).toBe(false);
  });

  it('of another place is gone when its name is ours, and not when both have none', () => {
    const elsewhere = { ...own, place: 'another machine', instance: 'mdp-0' };
    expect(isGone(elsewhere, { ...own, instance: 'mdp-0' })).toBe(true);
    expect(isGone(elsewhere, { ...own, instance: 'mdp-1' })).toBe(false);
    expect(isGone(elsewhere, own)).toBe(false);
    expect(isGone({ ...elsewhere, instance: null }, own)).toBe(false);
  });

  it('that lives here is not gone, though it bears our name', async () => {
    const { child, identity } = await another();
    expect(isGone({ ...identity, instance: 'mdp-0' }, { ...own, instance: 'mdp-0' })).toBe(false);
    child.kill('SIGKILL');
  });

  it('is not gone when it is ourselves', () => {
    expect(isGone(thisProcess('mdp-0'), thisProcess('mdp-0'))).toBe(false);
  });
});
