import { expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/sinks/circuit-breaker.ts';

const settings = { failures: 3, reset_ms: 1_000, drain_reset_ms: 100 };

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(settings);
  for (let failure = 0; failure < 3; failure++) breaker.failed(0);
  return breaker;
}

it('opens at the third failure in a row, not at the third of all', () => {
  const breaker = new CircuitBreaker(settings);
  breaker.failed(0);
  breaker.failed(0);
  breaker.succeeded();
  breaker.failed(0);
  breaker.failed(0);
  expect([breaker.state, breaker.waitMs(0)]).toEqual(['closed', 0]);
  breaker.failed(0);
  expect([breaker.state, breaker.waitMs(0)]).toEqual(['open', 1_000]);
});

it('lets exactly one through when its time has come', () => {
  const breaker = opened();
  expect(breaker.waitMs(999)).toBe(1);
  expect(breaker.waitMs(1_000)).toBe(0);
  expect(breaker.state).toBe('half-open');
  expect(breaker.waitMs(1_000)).toBeGreaterThan(0);
});

it('closes when the probe succeeds, and opens for as long again when it fails', () => {
  const good = opened();
  good.waitMs(1_000);
  good.succeeded();
  expect([good.state, good.waitMs(1_001)]).toEqual(['closed', 0]);
  const bad = opened();
  bad.waitMs(1_000);
  bad.failed(1_500);
  expect([bad.state, bad.waitMs(1_500)]).toEqual(['open', 1_000]);
});

it('lets a probe through sooner once the program drains', () => {
  const breaker = opened();
  breaker.drain();
  expect(breaker.waitMs(99)).toBe(1);
  expect(breaker.waitMs(100)).toBe(0);
});
