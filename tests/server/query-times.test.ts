import { afterEach, describe, expect, it } from 'vitest';
import { timeOf } from '../../src/server/query-times.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('a time in a query', () => {
  it.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('means the same wherever the daemon runs: %s', (runsIn) => {
    process.env['TZ'] = runsIn;
    expect(timeOf('from', '2019-10-11')).toBe(1_570_752_000_000);
    expect(timeOf('from', '2019-10-11T00:00')).toBe(1_570_752_000_000);
    expect(timeOf('from', '2019-10-11T00:00:00.5')).toBe(1_570_752_000_500);
    expect(timeOf('from', '2019-10-11T02:00:00+02:00')).toBe(1_570_752_000_000);
    expect(timeOf('from', '2019-10-10t20:00:00-04:00')).toBe(1_570_752_000_000);
    expect(timeOf('from', '1570752000000')).toBe(1_570_752_000_000);
  });

  it('that is missing is none', () => {
    expect(timeOf('from', undefined)).toBeNull();
  });
});
