import { once } from 'node:events';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { parse } from 'yaml';

export const root = path.resolve(import.meta.dirname, '../..');

export function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** A YAML or JSON file, parsed. What it holds is the caller's claim, made by the type it is assigned to. */
export function load(file: string): ReturnType<typeof parse> {
  return parse(read(file));
}

/** The first of the commands of that name on the PATH, or null. */
export function commandPath(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), path.join(root, '.node/lint/bin')];
  for (const folder of folders) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

export function alertRules(): readonly AlertRule[] {
  return rules().filter((rule) => 'alert' in rule);
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export function recordingRules(): readonly RecordingRule[] {
  return rules().filter((rule) => 'record' in rule);
}

function rules(): readonly (AlertRule | RecordingRule)[] {
  const { groups }: { groups: { rules: (AlertRule | RecordingRule)[] }[] } = load('monitoring/alerts.yml');
  return groups.flatMap((group) => group.rules);
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

/** Of queries of the dashboard: what only a source or a sink of Kafka has. */
export const needsKafka = /mdp_kafka_|mdp_lane_lag_records/;

/** Every query of the dashboard, with its variables replaced by values that Prometheus can parse. */
export function dashboardQueries(): readonly string[] {
  const { panels, annotations }: Dashboard = load('monitoring/grafana-dashboard.json');
  return [...panels.flatMap((panel) => panel.targets ?? []), ...annotations.list].map(({ expr }) => expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '1h')
    .replaceAll(/\$(pipeline|instance)/g, '.*'));
}

/** `label_values(METRIC{…}, LABEL)` of the dashboard's variables: the metrics. */
export function dashboardVariables(): readonly string[] {
  const { templating }: Dashboard = load('monitoring/grafana-dashboard.json');
  const definitions = templating.list.map((variable) => variable.definition ?? '');
  return definitions.flatMap((definition) => /^label_values\((.*), \w+\)$/.exec(definition)?.[1] ?? []);
}
