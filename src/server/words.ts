import { inThousands } from '../model/thousands.ts';

/** The furthest that a Date reaches. */
const dateMsMax = 8.64e15;

/** `1 row`, `12,345 rows`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${inThousands(value)} ${value === 1 ? one : many}`;
}

/** Ms as people say it: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `12 %`. */
export function share(value: number): string {
  return `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`;
}

/** `2019-10-11 00:00:11 UTC`; `unknown` where it is no time. */
export function time(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > dateMsMax) return 'unknown';
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
