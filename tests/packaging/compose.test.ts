import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { loadConfig, type Config } from '../../src/config.ts';
import { read, root } from './files.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string } | null>>;
  readonly restart: string;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
  readonly mem_limit?: string; readonly cpus?: number; readonly pids_limit?: number;
  readonly read_only?: boolean; readonly cap_drop?: readonly string[]; readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Network {
  readonly internal?: boolean;
  readonly ipam?: { readonly config: readonly { readonly subnet: string; readonly ip_range: string }[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<Record<string, Network | null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const files = ['docker-compose.yaml', 'docker-compose.prod.yml'] as const;
const composed = (file: string): Compose => parse(read(file), { merge: true }) as Compose;
const production = composed('docker-compose.prod.yml');
const services = Object.entries(production.services);

function configOf({ command, environment }: Service): Config {
  const overlays = command!.flatMap((word, index) => (command![index - 1] === '--config' ? [path.join(root, word)] : []));
  const variables = Object.fromEntries(Object.entries(environment!).filter(([name]) => !name.endsWith('_FILE')));
  const ofTheImage = { PIPELINE_SERVER_HOST: '0.0.0.0' };
  const given = { ...variables, ...ofTheImage, API_KEY: 'key', DATABASE_URL: 'postgres://db/bars' };
  return loadConfig({ file: path.join(root, 'config.yaml'), overlays, environment: given }).config;
}

/** Names of networks, with the fixed address there where one is given. */
function networksOf({ networks }: Service): ReadonlyMap<string, string | undefined> {
  if (networks === undefined) return new Map();
  if (isList(networks)) return new Map(networks.map((name) => [name, undefined]));
  return new Map(Object.entries(networks).map(([name, given]) => [name, given?.ipv4_address]));
}

function isList(networks: NonNullable<Service['networks']>): networks is readonly string[] {
  return Array.isArray(networks);
}

describe.each(files)('%s', (file) => {
  const compose = composed(file);
  const { pipeline, kafka, topic } = compose.services;
  const config = configOf(pipeline);

  it('leaves the pipeline time to drain before it is killed', () => {
    const graceMs = 1_000 * Number(pipeline.stop_grace_period!.replace(/s$/, ''));
    expect(graceMs).toBeGreaterThan(config.shutdown.timeout_ms + 5_000);
  });

  it('reads the topic that it makes, at the broker that it starts', () => {
    const [source] = config.sources;
    expect(source.type === 'kafka' && source.values.topics).toEqual(
      topic.command!.filter((word) => word.startsWith('--topic=')).map((word) => word.replace('--topic=', '')));
    expect(config.kafka.brokers).toEqual(['kafka:19092']);
    expect(kafka.environment!['KAFKA_ADVERTISED_LISTENERS']).toContain('INSIDE://kafka:19092');
    expect(topic.command).toContain('--bootstrap-server=kafka:19092');
  });

  it('gives secrets as files, and only those that it declares', () => {
    const declared = Object.keys(compose.secrets);
    const used = new Set(Object.values(compose.services).flatMap((service) => service.secrets ?? []));
    expect([...used].toSorted()).toEqual(declared.toSorted());
    for (const { environment = {}, secrets = [] } of Object.values(compose.services)) {
      const fromFiles = Object.values(environment).filter((value) => value.startsWith('/run/secrets/'));
      expect(fromFiles.map((value) => path.basename(value)).filter((name) => !secrets.includes(name))).toEqual([]);
      expect(Object.keys(environment).filter((name) => /PASSWORD$|API_KEY$|DATABASE_URL$/.test(name))).toEqual([]);
    }
  });

  it('names a version of every image, and mounts only what is there', () => {
    for (const { image, volumes = [] } of Object.values(compose.services)) {
      expect(image).toMatch(/:(v?\d+[\w.-]*|local)$/);
      for (const [source] of volumes.map((volume) => volume.split(':'))) {
        if (source.startsWith('./')) expect(statSync(path.join(root, source))).toBeDefined();
      }
    }
  });

  it('publishes nothing to other machines but the doors of nginx', () => {
    const published = Object.entries(compose.services)
      .flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    const open = published.filter((port) => !port.includes(' 127.0.0.1:'));
    expect(open).toEqual(file === 'docker-compose.prod.yml' ? ['nginx 80:8080', 'nginx 443:8443'] : []);
  });
});

describe('docker-compose.prod.yml', () => {
  it('keeps everything in a network without a way out, and only nginx in another one too', () => {
    expect(production.networks!['inside']).toMatchObject({ internal: true });
    const outside = services.filter(([, service]) => networksOf(service).has('outside')).map(([name]) => name);
    expect(outside).toEqual(['nginx']);
    expect(services.filter(([, service]) => !networksOf(service).has('inside'))).toEqual([]);
  });

  it('bounds memory, processor, processes and log of every service', () => {
    for (const [name, service] of services) {
      expect(service.logging?.options, name).toMatchObject({ 'max-size': '10m', 'max-file': '5' });
      expect([typeof service.mem_limit, typeof service.cpus, service.pids_limit], name).toEqual(['string', 'number', 512]);
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      expect(service.restart, name).toBe(name === 'topic' ? 'no' : 'unless-stopped');
    }
  });

  it('gives what faces others no rights and no disk', () => {
    for (const name of ['nginx', 'pipeline']) {
      expect(production.services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
  });

  it('limits clients at both doors: the daemon believes nginx, which nobody else can be, about who they are', () => {
    const { server } = configOf(production.services['pipeline']);
    const address = networksOf(production.services['nginx']).get('inside');
    expect([server.enable_rate_limit, server.trust_proxy]).toEqual([true, [address]]);
    const [{ subnet, ip_range: given }] = production.networks!['inside']!.ipam!.config;
    const [ours, others] = [subnet, given].map((network) => {
      const [start, prefix] = network.split('/');
      const list = new BlockList();
      list.addSubnet(start, Number(prefix));
      return list;
    });
    expect([ours.check(address!), others.check(address!)]).toEqual([true, false]);
    const nginx = read('deploy/nginx/nginx.conf');
    expect(nginx).toContain('limit_req_zone $binary_remote_addr');
    expect(nginx.match(/X-Forwarded-For .*/g)).toEqual(['X-Forwarded-For $remote_addr;']);
  });
});

describe('scripts/make-secrets.sh', () => {
  it('makes every secret that a compose file declares, once', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mdp-make-secrets-'));
    try {
      cpSync(path.join(root, 'scripts/make-secrets.sh'), path.join(folder, 'scripts/make-secrets.sh'));
      const run = () => spawnSync(path.join(folder, 'scripts/make-secrets.sh'), { encoding: 'utf8' });
      expect(run().status).toBe(0);
      const names = readdirSync(path.join(folder, 'secrets'));
      const declared = new Set(files.flatMap((file) => Object.keys(composed(file).secrets)));
      expect(names.toSorted()).toEqual([...declared].toSorted());
      expect(statSync(path.join(folder, 'secrets')).mode & 0o777).toBe(0o700);
      const before = names.map((name) => readFileSync(path.join(folder, 'secrets', name), 'utf8'));
      expect(new Set(before).size).toBe(names.length);
      expect(run().stdout).not.toContain('is new');
      expect(names.map((name) => readFileSync(path.join(folder, 'secrets', name), 'utf8'))).toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
