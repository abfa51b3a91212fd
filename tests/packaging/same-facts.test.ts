import { describe, expect, it } from 'vitest';
import { load, read } from './files.ts';

describe('the same fact in several files', () => {
  it('is one version of Node', () => {
    const pinned = /^node_version=(.+)$/m.exec(read('scripts/dev.sh'))![1];
    const images = [...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)];
    expect(images.map((match) => match[1])).toEqual([pinned, pinned]);
  });

  it('is one version of the program, in the package and in what is deployed', () => {
    const { version } = load<{ version: string }>('package.json');
    const { images } = load<{ images: readonly unknown[] }>('deploy/components/program/kustomization.yaml');
    expect(images).toEqual([{ name: 'mdp', newName: 'registry.example.com/mdp', newTag: version }]);
  });

  it('is one job name in Prometheus, in the cluster and in the alert on it', () => {
    const prometheus = load<{ scrape_configs: { job_name: string }[] }>('monitoring/prometheus.yml');
    expect(prometheus.scrape_configs.map((job) => job.job_name)).toContain('mdp');
    expect(read('monitoring/alerts.yml')).toContain('up{job="mdp"}');
    const { spec } = load<{ spec: { jobLabel: string } }>('deploy/components/monitoring/service-monitor.yaml');
    const { metadata } = load<{ metadata: { labels: Record<string, string> } }>('deploy/base/service.yaml');
    expect(metadata.labels[spec.jobLabel]).toBe('mdp');
  });

  it('is one pace of scraping, here and in the cluster', () => {
    interface Scraping { readonly spec: { readonly endpoints: readonly { readonly interval: string; readonly scrapeTimeout: string }[] } }
    const { global } = load<{ global: Record<string, string> }>('monitoring/prometheus.yml');
    const [{ interval, scrapeTimeout }] = load<Scraping>('deploy/components/monitoring/service-monitor.yaml').spec.endpoints;
    expect([interval, scrapeTimeout]).toEqual([global['scrape_interval'], global['scrape_timeout']]);
  });

  it('is one data source in the provisioning and on the dashboard', () => {
    interface Provisioning { readonly datasources: readonly { readonly uid: string }[] }
    const { datasources } = load<Provisioning>('monitoring/grafana/provisioning/datasources/prometheus.yaml');
    const file = 'monitoring/grafana-dashboard.json';
    const dashboard = load<{ templating: { list: { current: { value: unknown } }[] } }>(file);
    expect(dashboard.templating.list[0].current.value).toBe(datasources[0].uid);
  });
});
