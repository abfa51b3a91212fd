import { describe, expect, it } from 'vitest';
import { windowOf } from './windows.ts';

/** As an ISO 8601 interval, to the minute. */
function windowAt(spec: string, time: string): string {
  const { openMs, closeMs } = windowOf(spec, Date.parse(time));
  return [openMs, closeMs].map((ms) => new Date(ms).toISOString().replace(':00.000Z', '')).join('/');
}

describe('windows', () => {
  it('are half open', () => {
    expect(windowAt('1m', '2024-01-01T00:01:00.000Z'))
      .toBe('2024-01-01T00:01/2024-01-01T00:02');
    expect(windowAt('1m', '2024-01-01T00:00:59.999Z'))
      .toBe('2024-01-01T00:00/2024-01-01T00:01');
  });

  it('are rounded towards the past before 1970', () => {
    expect(windowAt('1m', '1969-12-31T23:59:59.999Z'))
      .toBe('1969-12-31T23:59/1970-01-01T00:00');
    expect(windowOf('1s', -0.5)).toEqual({ openMs: -1000, closeMs: 0 });
  });

  it('start weeks on Monday and keep an origin', () => {
    expect(windowAt('1w', '2024-05-05T12:00:00Z'))
      .toBe('2024-04-29T00:00/2024-05-06T00:00');
    expect(windowAt('1h/30m', '2024-05-05T12:29:00Z'))
      .toBe('2024-05-05T11:30/2024-05-05T12:30');
  });

  it('have 23 or 25 hours where the clocks change', () => {
    expect(windowAt('1d@America/New_York', '2024-03-10T20:00:00Z'))
      .toBe('2024-03-10T05:00/2024-03-11T04:00');
    expect(windowAt('1d@America/New_York', '2024-11-03T20:00:00Z'))
      .toBe('2024-11-03T04:00/2024-11-04T05:00');
    expect(windowAt('1w@Europe/Berlin', '2024-04-01T00:00:00Z'))
      .toBe('2024-03-31T22:00/2024-04-07T22:00');
  });

  it('begin at the local origin, on the evening before as well', () => {
    expect(windowAt('1d/17h@America/Chicago', '2024-07-01T21:59:59Z'))
      .toBe('2024-06-30T22:00/2024-07-01T22:00');
    expect(windowAt('1d/17h@America/Chicago', '2024-07-01T22:00:00Z'))
      .toBe('2024-07-01T22:00/2024-07-02T22:00');
  });

  it('step through the local day and are cut at the next', () => {
    expect(windowAt('4h@America/New_York', '2024-03-11T03:30:00Z'))
      .toBe('2024-03-11T01:00/2024-03-11T04:00');
    expect(windowAt('4h@America/New_York', '2024-03-11T04:00:00Z'))
      .toBe('2024-03-11T04:00/2024-03-11T08:00');
  });

  it('begin after midnight where the clocks skip it, at the first where they show it twice', () => {
    expect(windowAt('1d@America/Sao_Paulo', '2018-11-04T12:00:00Z'))
      .toBe('2018-11-04T03:00/2018-11-05T02:00');
    expect(windowAt('1d@America/Havana', '2024-11-03T12:00:00Z'))
      .toBe('2024-11-03T04:00/2024-11-04T05:00');
    expect(windowAt('1d@Africa/Cairo', '2024-04-26T12:00:00Z'))
      .toBe('2024-04-25T22:00/2024-04-26T21:00');
  });
});
