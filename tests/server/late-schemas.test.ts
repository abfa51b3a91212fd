import { execFileSync } from 'node:child_process';
import path from 'node:path';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { addRoute } from '../../src/server/add-route.ts';
import { lateSchemas } from '../../src/server/late-schemas.ts';
import { apiRoutes, monitorRoutes } from '../../src/server/routes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const of = { method: 'GET', url: '/', httpStatus: '200', httpPart: 'querystring' };
const validator = lateSchemas.buildValidator({}, { customOptions: {} }) as (of: object) => { (data: unknown): unknown; errors?: unknown };
const serializer = lateSchemas.buildSerializer({}, {});

describe('a schema of the API', () => {
  it('is compiled at its first use, and not before', () => {
    const schema = { type: 'no such type' };
    const [validate, serialize] = [validator({ ...of, schema }), serializer({ ...of, schema })];
    for (const use of [validate, serialize]) expect(() => use({})).toThrow(/type/);
  });

  it('judges as Ajv does, and says what is wrong', () => {
    const validate = validator({ ...of, schema: { type: 'object', properties: { n: { type: 'integer', maximum: 5 } } } });
    expect([validate({ n: 6 }), validate.errors]).toMatchObject([false, [{ instancePath: '/n', message: 'must be <= 5' }]]);
    expect([validate({ n: 5 }), validate.errors]).toEqual([true, null]);
  });

  it('writes what it describes, and nothing else', () => {
    const serialize = serializer({ ...of, schema: { type: 'object', properties: { a: { type: 'string' } } } });
    expect(serialize({ a: 'x', secret: 1 })).toBe('{"a":"x"}');
  });

  it('can be compiled, of every route', async () => {
    const app = fastify();
    for (const route of [...monitorRoutes({ hasMetrics: true }), ...apiRoutes]) addRoute(app, route, {} as never);
    await app.ready();
    expect(app.printRoutes()).toContain('bars');
    await app.close();
  });
});

describe('mdp run that listens and was asked nothing yet', () => {
  it('has no compiler of schemas, none that reads those of messages, and no fetch', () => {
    const tell = `const [{ openTestServer }] = await Promise.all([import('./tests/support/http-server.ts'), import('./src/commands/run.ts')]);
      const server = await openTestServer();
      const { _cache } = process.getBuiltinModule('node:module');
      console.log(JSON.stringify({ url: server.url, loaded: [...process.moduleLoadList, ...Object.keys(_cache)] }));
      await server.close();`;
    const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', tell];
    const told = execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8' });
    const { url, loaded } = JSON.parse(told) as { url: string; loaded: string[] };
    expect(url).toMatch(/^http:/);
    expect(loaded.some((name) => name.includes('node_modules/fastify/'))).toBe(true);
    expect(loaded.filter((name) => /undici|\/ajv\/|\/fast-json-stringify\/index|\/avsc\/|\/protobufjs\//.test(name))).toEqual([]);
  });
});
