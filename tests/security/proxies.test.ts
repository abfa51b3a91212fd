import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { root } from '../packaging/files.ts';
import { cannotRender, one, render } from '../packaging/manifests.ts';

const overlays = ['program/config.yaml', 'production/production.yaml'].map((file) => path.join(root, 'deploy/components', file));

function configWith(environment: Readonly<Record<string, string>>) {
  const secrets = { API_KEY: 'key', DATABASE_URL: 'postgres://db/bars', KAFKA_SASL_USERNAME: 'mdp', KAFKA_SASL_PASSWORD: 'word' };
  return loadConfig({ file: path.join(root, 'config.yaml'), overlays, environment: { ...secrets, ...environment } }).config;
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

describe.skipIf(cannotRender)('in a cluster (by kubectl or kustomize)', () => {
  const trusted = (overlay: string): string | undefined => {
    const [container] = one(render(overlay), 'Deployment').spec.template.spec.containers as unknown as readonly Container[];
    return container.env.find(({ name }) => name === 'TRUST_PROXY')?.value;
  };

  it('the daemon limits clients, and behind the Ingress believes pods of private networks about who they are', () => {
    const { server } = configWith({ TRUST_PROXY: trusted('deploy/overlays/production')! });
    expect(server.enable_rate_limit).toBe(true);
    expect(server.trust_proxy).toEqual(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fd00::/8']);
  });

  it('the daemon believes nobody where there is no Ingress', () => {
    expect(trusted('deploy/base')).toBeUndefined();
    expect(configWith({}).server.trust_proxy).toEqual([]);
  });
});
