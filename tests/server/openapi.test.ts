import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes, monitorRoutes } from '../../src/server/routes.ts';
import { openTestServer } from '../support/http-server.ts';
import type { TestServer } from '../support/http-server.ts';
import { jsonOf } from '../support/json.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean; description: string; schema: Schema }[];
  readonly responses: Record<string, { description: string; content: Record<string, { schema: Schema }> }>;
  readonly security?: readonly Record<string, unknown>[];
}

interface Document {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { securitySchemes: Record<string, unknown> };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await openTestServer({ recentTopics: { of: () => [] } });
  document = await jsonOf(await server.get('/api/openapi.json'));
});
afterAll(() => server.close());

const routes = [...monitorRoutes({ hasMetrics: true }), ...apiRoutes];
const declared = routes.map((route) => (
  { ...route, method: (route.method ?? 'GET').toLowerCase(), path: route.path.replace(/:(\w+)/g, '{$1}') }));

/** What a query must have. */
const needed: Readonly<Record<string, string>> = {
  '/api/bars': '?venue=v&symbol=s&spec=1m', '/api/indicators': '?venue=v&symbol=s&indicator=rsi(14)&spec=1m', '/api/kafka': '?topic=t',
};

describe('the OpenAPI document', () => {
  it('lists every route and no other', () => {
    const named = (all: readonly { method: string; path: string }[]): string[] => all.map(({ method, path }) => `${method} ${path}`).sort();
    expect(named(operations())).toEqual(named(declared));
  });

  it('is OpenAPI 3.1 with a title and the version of the program', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.info).toMatchObject({ title: 'mdp', version: '1.2.3' });
  });

  it('refers to nothing that is not there', () => {
    expect(JSON.stringify(document)).not.toContain('"$ref"');
    for (const { security } of operations()) {
      for (const need of security ?? []) {
        for (const name of Object.keys(need)) expect(document.components.securitySchemes).toHaveProperty(name);
      }
    }
  });

  it('describes every answer and every parameter', () => {
    for (const { path, summary, parameters = [], responses } of operations()) {
      expect(summary, path).toMatch(/\.$/);
      expect(Object.keys(responses).filter((status) => status.startsWith('20')), path).not.toEqual([]);
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description.length, path).toBeGreaterThan(5);
        if (['204', '304'].includes(status)) expect(content, path).toBeUndefined();
        else expect(Object.keys(content).length, path).toBeGreaterThan(0);
      }
      for (const parameter of parameters) {
        expect(parameter.in).toBe(path.includes(`{${parameter.name}}`) ? 'path' : 'query');
        expect(parameter.schema, `${path} ${parameter.name}`).toBeDefined();
      }
    }
  });

  it('asks for only what has no default', () => {
    const required = document.paths['/api/bars']['get'].parameters!.filter((one) => one.required).map((one) => one.name);
    expect(required).toEqual(['venue', 'symbol', 'spec']);
  });

  it('names the key where it is asked for, and only there', () => {
    for (const { method, path, security } of operations()) {
      const open = declared.find((route) => route.path === path && route.method === method)!.open;
      expect(security === undefined, path).toBe(open);
    }
  });

  it('is what the server sends: every answer has the fields that it promises', async () => {
    const created = await fetch(`${server.url}/api/positions`, {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ venue: 'v', symbol: 's', size: 1, entry_price: 1 }),
    });
    const { id }: { id: string } = await jsonOf(created);
    for (const { method, path, responses } of operations()) {
      if (method !== 'get') continue;
      const response = await server.get(path.replace('{topic}', 't').replace('{id}', id) + (needed[path] ?? ''));
      if (path.includes('{id}') && !path.startsWith('/api/positions')) continue; // There is none to ask for.
      expect(response.status, path).toBe(200);
      const schema = Object.values(responses['200'].content)[0].schema;
      if (schema.type === 'string') continue;
      const body: object = await jsonOf(response);
      for (const field of schema.required ?? []) expect(body, path).toHaveProperty(field);
    }
  });
});

function operations(): (Operation & { readonly path: string; readonly method: string })[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
}
