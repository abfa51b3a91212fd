import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { metricsPage } from '../../scripts/docs/metrics-page.ts';
import { metrics } from '../../src/telemetry/metrics.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

describe('docs/metrics.md', () => {
  it('is what the declarations say; `./scripts/dev.sh docs` makes it anew', () => {
    expect(page).toBe(metricsPage());
  });

  it.each(metrics.map(({ name }) => name))('tells of %s once', (name) => {
    expect(page.split(`| \`${name}\` |`)).toHaveLength(2);
  });
});

describe('the declarations', () => {
  it('name no metric twice, end counters on _total and durations on _seconds, and explain each in a sentence', () => {
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
    for (const { name, kind, help } of metrics) {
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      if (kind === 'histogram') expect(name).toMatch(/_seconds$/);
      expect(help, name).toMatch(/^[A-Z0-9].*[^.]\.$/);
      expect(help, name).not.toContain('|');
    }
  });
});
