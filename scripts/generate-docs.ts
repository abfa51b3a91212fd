import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configFile } from './docs/config-file.ts';
import { configurationPage } from './docs/configuration-page.ts';
import { metricsPage } from './docs/metrics-page.ts';
import { prometheusRule } from './docs/prometheus-rule.ts';

/*
 * Writes what is made from declarations: docs/configuration.md of the settings, docs/metrics.md of the metrics, the alerts as an
 * object of a cluster, and with --config-file also config.yaml with every default (which overwrites what somebody has set there).
 */
const root = join(import.meta.dirname, '..');
const pages: Record<string, string> = {
  'docs/configuration.md': configurationPage(), 'docs/metrics.md': metricsPage(),
  'deploy/components/monitoring/prometheus-rule.yaml': prometheusRule(join(root, 'monitoring/alerts.yml')),
};
if (process.argv.includes('--config-file')) pages['config.yaml'] = configFile();
for (const [path, text] of Object.entries(pages)) {
  writeFileSync(join(root, path), text);
  console.log(`wrote ${path}`);
}
