import { describe, expect, it } from 'vitest';
import { load, read } from './files.ts';
import { manifestsOf, one } from './manifests.ts';

const monitor = one(manifestsOf('deploy/components/monitoring/service-monitor.yaml'), 'ServiceMonitor');

describe('the same fact in several files', () => {
  it('is one version of Node', () => {
    const pinned = /^node_version=(.+)$/m.exec(read('scripts/dev.sh'))![1];
    const images = [...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)];
    expect([...new Set(images.map((match) => match[1]))]).toEqual([pinned]);
  });

  it('is one version of the program, in the package and in what is deployed', () => {
    const { version }: { version: string } = load('package.json');
    const { images }: { images: readonly unknown[] } = load('deploy/components/program/kustomization.yaml');
    expect(images).toEqual([{ name: 'mdp', newName: 'registry.example.com/mdp', newTag: version }]);
  });

  it('is one job name in Prometheus, in the cluster and in the alert on it', () => {
    const prometheus: { scrape_configs: { job_name: string }[] } = load('monitoring/prometheus.yml');
    expect(prometheus.scrape_configs.map((job) => job.job_name)).toContain('mdp');
    expect(read('monitoring/alerts.yml')).toContain('up{job="mdp"}');
    const { metadata } = one(manifestsOf('deploy/base/service.yaml'), 'Service');
    expect(metadata.labels?.[monitor.spec.jobLabel]).toBe('mdp');
  });

  it('is one pace of scraping, here and in the cluster', () => {
    const { global }: { global: Record<string, string> } = load('monitoring/prometheus.yml');
    const [{ interval, scrapeTimeout }] = monitor.spec.endpoints;
    expect([interval, scrapeTimeout]).toEqual([global['scrape_interval'], global['scrape_timeout']]);
  });

  it('is one data source in the provisioning and on the dashboard', () => {
    interface Provisioning { readonly datasources: readonly { readonly uid: string }[] }
    const { datasources }: Provisioning = load('monitoring/grafana/provisioning/datasources/prometheus.yaml');
    const file = 'monitoring/grafana-dashboard.json';
    const dashboard: { templating: { list: { current: { value: unknown } }[] } } = load(file);
    expect(dashboard.templating.list[0].current.value).toBe(datasources[0].uid);
  });
});
