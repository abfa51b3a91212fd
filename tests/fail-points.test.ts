import { afterEach, describe, expect, it } from 'vitest';
import { MdpError } from '../src/errors.ts';
import { armFailPoints, armFaults, disarmFailPoints, failPoint, failPoints, readFault } from '../src/fail-points.ts';

const none = { kill_at: '', hang_at: '', throw_at: '', exhaust_at: '', stand_at: '', stand_ms: 0 };

describe('a fail point', () => {
  afterEach(disarmFailPoints);

  it('does nothing while nothing is armed, and nothing again once it is disarmed', () => {
    armFailPoints({ 'after-copy': () => { throw new Error('armed'); } });
    expect(() => failPoint('after-copy')).toThrow('armed');
    expect(() => failPoint('before-commit')).not.toThrow();
    disarmFailPoints();
    expect(() => failPoint('after-copy')).not.toThrow();
  });

  it('calls its hook at every passing', () => {
    let passings = 0;
    armFailPoints({ 'during-restore': () => { passings++; } });
    for (let passing = 0; passing < 5; passing++) failPoint('during-restore');
    expect(passings).toBe(5);
  });

  it('is left alone by settings that are empty', () => {
    armFailPoints({ 'after-copy': () => { throw new Error('armed'); } });
    armFaults(none);
    expect(() => failPoint('after-copy')).toThrow('armed');
  });

  it('is named by a setting together with the passing that is meant', () => {
    expect(readFault('')).toBeNull();
    expect(readFault('after-copy:3')).toEqual({ point: 'after-copy', passing: 3 });
  });

  it.each(['after-copy', 'after-copy:0', 'after-copy:-1', 'after-copi:3', 'after-copy:3 ', 'toString:1'])(
    'is refused as %j, with the list of those that there are', (text) => {
      expect(() => readFault(text)).toThrow(MdpError);
      for (const name of Object.keys(failPoints)) expect(() => readFault(text)).toThrow(name);
    });
});
