import { Registry, collectDefaultMetrics } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../src/telemetry/metrics.ts';
import { alertRules, dashboardQueries, dashboardVariables, load, recordingRules } from './files.ts';

/** Prometheus makes these itself. */
const ofPrometheus = ['up', 'ALERTS'];
/** Two names for one count: the dashboard and the alerts use one of each. */
const secondNames = ['mdp_operator_ticks_in_total'];

const histogramEndings = ['_bucket', '_sum', '_count'];
const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** The metrics that a PromQL expression reads: its names, without selectors, groupings and functions. */
function metricsOf(expression: string): string[] {
  const bare = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const names = [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)(?!\w)(\s*\()?/g)];
  return names.flatMap(([, name, call]) => (call === undefined && !keywords.has(name) ? [name] : []));
}

function processMetrics(): string[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry.getMetricsAsArray().flatMap(({ name }) => ['', ...histogramEndings].map((ending) => name + ending));
}

const declared = metrics.flatMap(({ name, kind }) => (
  kind === 'histogram' ? histogramEndings.map((ending) => name + ending) : [name]));
const recorded = recordingRules().map((rule) => rule.record);
const known = new Set([...declared, ...processMetrics(), ...ofPrometheus, ...recorded]);

function scalingQueries(): string[] {
  const scaling: { spec: { triggers: { metadata: { query?: string } }[] } } = load('deploy/components/autoscaling/scaled-object.yaml');
  return scaling.spec.triggers.flatMap(({ metadata }) => metadata.query ?? []);
}

function testSeries(): string[] {
  const { tests }: { tests: { input_series: { series: string }[] }[] } = load('monitoring/alerts.test.yml');
  return tests.flatMap((test) => test.input_series.map(({ series }) => series));
}

const places: Readonly<Record<string, readonly string[]>> = {
  'monitoring/alerts.yml': [...recordingRules(), ...alertRules()].map((rule) => rule.expr),
  'monitoring/alerts.test.yml': testSeries(),
  'monitoring/grafana-dashboard.json': [...dashboardQueries(), ...dashboardVariables()],
  'deploy/components/autoscaling/scaled-object.yaml': scalingQueries(),
};

describe('metric names', () => {
  it('are found in an expression, whatever stands around them', () => {
    const expression = 'sum by (le, a_label) (rate(mdp_x_total{a!="b_c"}[5m])) / on (job) up > 1e3 and mdp_y == 0';
    expect(metricsOf(expression)).toEqual(['mdp_x_total', 'up', 'mdp_y']);
  });

  for (const [file, expressions] of Object.entries(places)) {
    it(`of ${file} exist in the program`, () => {
      const used = expressions.flatMap(metricsOf);
      expect(used.length).toBeGreaterThan(0);
      expect(used.filter((name) => !known.has(name))).toEqual([]);
    });
  }

  it('of the program are all shown on the dashboard or watched by an alert', () => {
    const rules = [...recordingRules(), ...alertRules()];
    const expressions = [...rules.map((rule) => rule.expr), ...dashboardQueries(), ...dashboardVariables()];
    const seen = new Set([...expressions.flatMap(metricsOf), ...secondNames]);
    const unseen = metrics.map(({ name }) => name)
      .filter((name) => !['', ...histogramEndings].some((ending) => seen.has(name + ending)));
    expect(unseen).toEqual([]);
  });
});

describe('labels', () => {
  /** `pipeline` is on all of ours; Prometheus adds the address and the job. */
  const onAll = ['pipeline', 'instance', 'job', 'le'];
  const labelsOf = new Map(metrics.flatMap(({ name, labels }) => (
    ['', ...histogramEndings].map((ending) => [name + ending, new Set<string>([...labels, ...onAll])]))));

  /** `name{a="…", b=~"…"}` → the labels that the selector asks for. */
  function selectors(expression: string): { name: string; labels: string[] }[] {
    return [...expression.matchAll(/([a-zA-Z_]\w*)\{([^}]*)\}/g)].map(([, name, inside]) => (
      { name, labels: [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1]) }));
  }

  for (const [file, expressions] of Object.entries(places)) {
    it(`that selectors of ${file} ask for are carried by their metric`, () => {
      const faults = expressions.flatMap(selectors).flatMap(({ name, labels }) => labels
        .filter((label) => labelsOf.get(name)?.has(label) === false)
        .map((label) => `${name}{${label}}`));
      expect(faults).toEqual([]);
    });
  }
});
