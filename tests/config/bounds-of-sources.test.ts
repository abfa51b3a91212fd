import { describe, expect, it } from 'vitest';
import { reportConfig } from '../../src/config/describe.ts';
import { faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

function config(sources: string, specs = '[1m, 1d]'): string {
  return file('bounds.yaml', `bars: { specs: ${specs} }\nsources:\n${sources}`);
}

const source = (keys: string, name = 'history', venue = 'v'): string =>
  `  - { name: ${name}, type: replay, files: [x.csv], venue: ${venue}, ${keys} }\n`;

describe('from and until of a source', () => {
  it('are open unless set, and take ISO 8601 or ms', () => {
    expect(load({ file: config(source('symbol: s')) }).config.sources[0].values).toMatchObject({ from: null, until: null });
    const set = load({ file: config(source('from: 1704067200000, until: 2024-02-01')) });
    expect(set.config.sources[0].values).toMatchObject({ from: '1704067200000', until: '2024-02-01' });
    expect(load({ file: config(source('symbol: s')), environment: { PIPELINE_SOURCES_HISTORY_UNTIL: '2024-02-01T00:00:00Z' } })
      .config.sources[0].values.until).toBe('2024-02-01T00:00:00Z');
  });

  it('must be times', () => {
    expect(faultsOf({ file: config(source('from: yesterday')) })).toEqual([
      expect.stringMatching(/bounds\.yaml:3: sources\.history\.from is "yesterday": write ISO 8601 .* or ms since 1970 UTC\.$/),
    ]);
  });

  it('must be a boundary of every bar spec, and the message names the nearest', () => {
    expect(faultsOf({ file: config(source('until: 2024-02-01T10:30:00Z')) })).toEqual([
      expect.stringContaining('sources.history.until is "2024-02-01T10:30:00Z": it is no boundary of 1d, and a bar has one ' +
        'owner; the nearest common ones are 2024-02-01T00:00:00.000Z and 2024-02-02T00:00:00.000Z.'),
    ]);
    const zoned = '[7m, 1d@America/New_York]';
    expect(faultsOf({ file: config(source('from: 2024-02-01'), zoned) })[0]).toContain(
      'no boundary of 1d@America/New_York, and a bar has one owner; the nearest common ones are ' +
        '2024-01-28T05:00:00.000Z and 2024-02-04T05:00:00.000Z');
    expect(faultsOf({ file: config(source('from: 2024-01-28T05:00:00Z'), zoned) })).toEqual([]);
  });

  it('may have no common boundary at all to be at', () => {
    expect(faultsOf({ file: config(source('from: 2024-02-01'), '[2d, "1w@Asia/Kolkata"]') })[0])
      .toContain('the specs have no common boundary within years');
  });

  it('must be in their order', () => {
    expect(faultsOf({ file: config(source('from: 2024-02-01, until: 2024-02-01')) })).toEqual([
      expect.stringMatching(/sources\.history\.until is "2024-02-01": it must be later than from\.$/),
    ]);
  });

  it('are judged beside bar specs that have faults of their own', () => {
    expect(faultsOf({ file: config(source('from: 2024-02-01T10:30:00Z'), '[1x]') })).toEqual([
      expect.stringContaining('bars.specs is "1x"'),
    ]);
  });
});

describe('what mdp check says of ownership', () => {
  const fact = (sources: string): string | undefined => reportConfig(load({ file: config(sources) })).facts['ownership'];

  it('is nothing while no source has a bound', () => {
    expect(fact(source('symbol: s') + source('symbol: s', 'live'))).toBeUndefined();
  });

  it('is who has which times, where they meet', () => {
    expect(fact(source('until: 2024-02-01') + source('from: 2024-02-01', 'live')))
      .toBe('history until 2024-02-01T00:00:00.000Z; live from 2024-02-01T00:00:00.000Z');
  });

  it('names overlaps and holes of one venue, which are no faults', () => {
    expect(fact(source('until: 2024-02-03') + source('from: 2024-02-01', 'live'))).toContain(
      'history and live both name venue v and overlap from 2024-02-01T00:00:00.000Z until 2024-02-03T00:00:00.000Z: a symbol');
    expect(fact(source('until: 2024-02-01') + source('from: 2024-02-03', 'live'))).toContain(
      'history and live both name venue v and leave a hole from 2024-02-01T00:00:00.000Z until 2024-02-03T00:00:00.000Z');
    expect(fact(source('until: 2024-02-01') + source('from: 2024-02-03', 'live', 'w'))).not.toContain('hole');
  });
});
