import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as requestPlain, type IncomingHttpHeaders, type Server } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { commandPath, freePort, read } from './files.ts';

interface Answer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

/** The nginx of the machine with the configuration of docker-compose.prod.yml: only addresses and paths are others. */
describe.skipIf(commandPath('nginx') === null)('nginx in front of the pipeline (by nginx)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-nginx-'));
  const file = path.join(folder, 'nginx.conf');
  let [plainPort, tlsPort] = [0, 0];
  let nginx: ChildProcess;
  let pipeline: Server;
  let configuration: string;

  beforeAll(async () => {
    pipeline = createServer(({ url, headers }, response) => response.end(JSON.stringify({ url, headers })));
    pipeline.listen(0, '127.0.0.1');
    await once(pipeline, 'listening');
    const address = pipeline.address();
    const pipelinePort = typeof address === 'object' ? address!.port : 0;
    [plainPort, tlsPort] = [await freePort(), await freePort()];
    const [certificate, key] = ['certificate', 'key'].map((name) => path.join(folder, name));
    spawnSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-subj', '/CN=localhost', '-keyout', key, '-out', certificate,
    ]);
    configuration = read('deploy/nginx/nginx.conf')
      .replaceAll(/(\s)\/tmp\//g, `$1${folder}/`).replaceAll(/\/dev\/std(out|err)/g, `${folder}/std$1`)
      .replace('listen 8080;', `listen 127.0.0.1:${plainPort};`).replace('listen 8443 ', `listen 127.0.0.1:${tlsPort} `)
      .replace('/run/secrets/tls_certificate', certificate).replace('/run/secrets/tls_key', key)
      .replace('http://pipeline:8083', `http://127.0.0.1:${pipelinePort}`);
    writeFileSync(file, configuration);
    const args = ['-c', file, '-p', folder, '-g', 'daemon off;'];
    nginx = spawn(commandPath('nginx')!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    nginx.stderr?.on('data', (chunk: Buffer) => { words += chunk.toString(); });
    await eventually(async () => nginx.exitCode !== null || (await get('/health/live').catch(() => null)) !== null);
    expect(nginx.exitCode, words).toBeNull();
  });

  afterAll(async () => {
    const exited = nginx.exitCode === null ? once(nginx, 'exit') : null;
    nginx.kill('SIGQUIT');
    await exited;
    pipeline.close();
    rmSync(folder, { recursive: true });
  });

  function get(target: string, headers: Readonly<Record<string, string>> = {}, port = tlsPort): Promise<Answer> {
    const send = port === tlsPort ? requestTls : requestPlain;
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: target, headers, rejectUnauthorized: false, agent: false };
      const asked = send(options, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      asked.on('error', reject).end();
    });
  }

  /** The limit lets 40 pass at once and then 20 a second: whoever has used it up waits until some pass again. */
  async function calm(): Promise<void> {
    await eventually(async () => (await get('/health/live')).status === 200);
  }

  it('is content with its configuration, and finds a planted fault', () => {
    const judge = () => spawnSync(commandPath('nginx')!, ['-t', '-c', file, '-p', folder], { encoding: 'utf8' });
    expect(judge().stderr).toContain('test is successful');
    writeFileSync(file, configuration.replace('limit_req zone=requests', 'limit_req zone=request'));
    expect(judge().stderr).toContain('test failed');
    writeFileSync(file, configuration);
  });

  it('passes requests on, with the address that it sees and not with one that the client claims', async () => {
    const { status, text } = await get('/api/bars?symbol=X', { 'X-Forwarded-For': '8.8.8.8', 'X-API-Key': 'key' });
    expect(status).toBe(200);
    const { url, headers } = JSON.parse(text) as { url: string; headers: Record<string, string> };
    expect(url).toBe('/api/bars?symbol=X');
    expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-api-key': 'key' });
  });

  it('keeps metrics and the details of health inside', async () => {
    for (const target of ['/metrics', '/api/metrics', '/health', '/metrics?x=1', '//metrics', '/api/../metrics']) {
      expect((await get(target)).status, target).toBe(404);
    }
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('sends whoever comes without TLS to where TLS is, and tells browsers to stay there', async () => {
    const { status, headers } = await get('/docs', { Host: 'bars.test' }, plainPort);
    expect([status, headers.location]).toEqual([308, 'https://bars.test/docs']);
    expect((await get('/docs')).headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('answers 429 to a client that asks too often, and goes on with it later', async () => {
    await calm();
    const statuses: number[] = [];
    for (let sent = 0; sent < 200; sent += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => get('/api/status')));
      statuses.push(...answers.map(({ status }) => status));
    }
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    await calm();
  });
});
