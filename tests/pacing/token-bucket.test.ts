import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventPace } from '../../src/pacing/event-pace.ts';
import { TokenBucket } from '../../src/pacing/token-bucket.ts';

/** Takes every batch as soon as the bucket lets it and returns the ms that this took. */
function passAll(bucket: TokenBucket, batches: readonly number[]): number {
  let nowMs = 0;
  for (const count of batches) {
    for (let waitMs = bucket.take(count, nowMs); waitMs > 0; waitMs = bucket.take(count, nowMs)) nowMs += waitMs;
  }
  return nowMs;
}

describe('a token bucket', () => {
  it('never makes anybody wait when there is no budget', () => {
    const bucket = new TokenBucket({ max_msgs_per_sec: 0, burst: 0 }, 0);
    expect(bucket.take(1e9, 0)).toBe(0);
  });

  it('lets a burst through at once and then says how long to wait', () => {
    const bucket = new TokenBucket({ max_msgs_per_sec: 100, burst: 50 }, 0);
    expect(bucket.take(50, 0)).toBe(0);
    expect(bucket.take(10, 0)).toBe(100);
    expect(bucket.take(10, 100)).toBe(0);
  });

  it('takes nothing when it says wait', () => {
    const bucket = new TokenBucket({ max_msgs_per_sec: 100, burst: 50 }, 0);
    bucket.take(50, 0);
    bucket.take(10, 0);
    bucket.take(10, 0);
    expect(bucket.take(10, 100)).toBe(0);
  });

  it('is not stopped by a clock that steps back', () => {
    const bucket = new TokenBucket({ max_msgs_per_sec: 100, burst: 10 }, 10_000);
    bucket.take(10, 10_000);
    expect(bucket.take(10, 5_000)).toBe(100);
    expect(bucket.take(10, 5_100)).toBe(0);
  });

  it('holds its average for batches of any size, and is no slower than that', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(fc.property(sizes, fc.integer({ min: 10, max: 10_000 }), fc.integer({ min: 0, max: 3_000 }), (batches, rate, burst) => {
      const tookMs = passAll(new TokenBucket({ max_msgs_per_sec: rate, burst }, 0), batches);
      const depth = burst > 0 ? burst : rate;
      const beforeLast = batches.slice(0, -1).reduce((sum, count) => sum + count, 0);
      const last = Math.min(batches.at(-1)!, depth);
      const leastMs = ((beforeLast + last - depth) / rate) * 1_000;
      // Each wait is rounded up to a whole millisecond, never down.
      return tookMs >= leastMs - 1e-6 && tookMs <= Math.max(0, leastMs) + batches.length + 1;
    }));
  });
});

describe('a pace of event time', () => {
  it('releases at a factor of real time', () => {
    const pace = new EventPace(10);
    expect(pace.waitMs(5_000, 100)).toBe(0);
    expect(pace.waitMs(6_000, 100)).toBe(100);
    expect(pace.waitMs(6_000, 200)).toBe(0);
  });

  it('never waits at full speed', () => {
    const pace = new EventPace(Infinity);
    pace.waitMs(0, 0);
    expect(pace.waitMs(1e12, 0)).toBe(0);
  });

  it('does not wait for a poison time, and goes on at the old pace after it', () => {
    const pace = new EventPace(1);
    pace.waitMs(1_000, 0);
    expect(pace.waitMs(4e12, 0)).toBe(0);
    expect(pace.waitMs(1_500, 0)).toBe(500);
  });

  it('takes a lasting jump for the new time', () => {
    const pace = new EventPace(1);
    pace.waitMs(0, 0);
    const jump = 30 * 86_400_000;
    for (let n = 0; n < 3; n++) expect(pace.waitMs(jump + n, 10)).toBe(0);
    expect(pace.waitMs(jump + 102, 10)).toBe(100);
  });
});
