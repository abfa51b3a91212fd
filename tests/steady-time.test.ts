import { expect, it } from 'vitest';
import { SteadyTime } from '../src/steady-time.ts';

const hourMs = 3_600_000;
const noonMs = Date.UTC(2026, 0, 5, 12);

it('is the time of the machine as long as that goes forward, by steps too', () => {
  const time = new SteadyTime();
  expect(time.nowMs(noonMs, 7)).toBe(noonMs);
  expect(time.nowMs(noonMs + 5, 12)).toBe(noonMs + 5);
  expect(time.nowMs(noonMs + 5, 12.3)).toBe(noonMs + 5);
  expect(time.nowMs(noonMs + hourMs, 13)).toBe(noonMs + hourMs);
});

it('neither goes back nor stands still when the clock is set back, and is right again after twice that time', () => {
  const time = new SteadyTime();
  time.nowMs(noonMs, 0);
  let last = noonMs;
  for (let elapsedMs = 1_000; elapsedMs < 2 * hourMs; elapsedMs += 1_000) {
    const nowMs = time.nowMs(noonMs - hourMs + elapsedMs, elapsedMs);
    expect(nowMs - last).toBe(500);
    last = nowMs;
  }
  expect(time.nowMs(noonMs + hourMs, 2 * hourMs)).toBe(noonMs + hourMs);
  expect(time.nowMs(noonMs + hourMs + 9, 2 * hourMs + 9)).toBe(noonMs + hourMs + 9);
});
