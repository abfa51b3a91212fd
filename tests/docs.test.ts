import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFile } from '../scripts/docs/config-file.ts';
import { configurationPage } from '../scripts/docs/configuration-page.ts';
import { shippedIndicators } from '../scripts/docs/shipped-values.ts';
import { loadConfig } from '../src/config.ts';
import { settingsTree, sourceKinds } from '../src/config/schema.ts';
import { leavesOf, sectionsOf } from '../src/config/tree.ts';
import { errorCodes } from '../src/errors.ts';
import { temporaryFiles } from './support/config-files.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const file = temporaryFiles();

/** Keys of a YAML text by indentation, commented settings (`#key:`) too: `sink.retry.base_ms`. */
function keysOf(text: string): string[] {
  const open: { indent: number; key: string }[] = [];
  return text.split('\n').flatMap((line) => {
    const match = /^( *)#?([a-z_]+):( |$)/.exec(line);
    if (match === null) return [];
    const [, spaces, key] = match;
    while (open.length > 0 && (open.at(-1)?.indent ?? -1) >= spaces.length) open.pop();
    open.push({ indent: spaces.length, key });
    return [open.map((part) => part.key).join('.')];
  });
}

describe('config.yaml', () => {
  const text = read('config.yaml');
  const [beforeSources, rest] = text.split(/^sources:$/m);
  const [sources, afterSources] = splitAtNextSection(rest);

  function splitAtNextSection(part: string): [string, string] {
    const at = part.search(/^[a-z_]+:$/m);
    return [part.slice(0, at), part.slice(at)];
  }

  it('loads, with one source at work', () => {
    const { config } = loadConfig({ file: join(root, 'config.yaml'), environment: {} });
    expect(config.sources.map(({ type }) => type)).toContain('synthetic');
  });

  it('holds every key of the schema, and no other', () => {
    const inFile = keysOf(`${beforeSources}\n${afterSources}`);
    expect(inFile.sort())
      .toEqual([...leavesOf(settingsTree).map(({ path }) => path), ...sectionsOf(settingsTree)].sort());
  });

  it('explains every key with its own sentence', () => {
    const prose = text.replaceAll(/\n *#? *# /g, ' ').replaceAll(/\s+/g, ' ');
    for (const { path, setting } of leavesOf(settingsTree)) expect(prose, path).toContain(setting.doc);
    for (const [type, kind] of Object.entries(sourceKinds)) {
      for (const [key, { doc }] of Object.entries(kind.settings)) expect(prose, `${type}.${key}`).toContain(doc);
    }
  });

  it('shows every key of every type of source', () => {
    for (const [type, kind] of Object.entries(sourceKinds)) {
      const from = sources.indexOf(`type: ${type}`);
      expect(from, type).toBeGreaterThan(-1);
      const until = sources.indexOf('- name:', from);
      const shown = sources.slice(from, until === -1 ? undefined : until).matchAll(/^[ #]*#?([a-z_]+): /gm);
      const keys = [...shown].map(([, key]) => key).filter((key) => key !== 'type');
      expect(new Set(keys), type).toEqual(new Set(Object.keys(kind.settings)));
    }
  });
});

describe('config.yaml as it is made', () => {
  const made = configFile();

  it('has the defaults, and the indicators of the dashboard', () => {
    const { config } = loadConfig({ file: file('made.yaml', made), environment: {} });
    const { config: bare } = loadConfig({ file: null, environment: {} });
    expect({ ...config, sources: [] }).toEqual({ ...bare, indicators: { specs: shippedIndicators } });
    expect(config.sources.map(({ name, type }) => `${name} ${type}`)).toEqual(['demo synthetic']);
  });

  it('still loads when everything that is commented out is taken in', () => {
    const all = made.replaceAll(/^( *)#(?! )(?!$)/gm, '$1').replaceAll(/^ {2}# {2}(?=\S)/gm, '    ');
    const { config } = loadConfig({ file: file('all.yaml', all), environment: {} });
    expect(config.sources.map(({ type }) => type).sort()).toEqual(Object.keys(sourceKinds).sort());
  });

  it('fits the page', () => {
    expect(made.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });
});

describe('overlays', () => {
  for (const name of readdirSync(join(root, 'config'))) {
    it(`config/${name} loads over config.yaml`, () => {
      const environment = { API_KEY: 'key', DATABASE_URL: 'postgres://db/bars' };
      const overlays = [join(root, 'config', name)];
      const loaded = loadConfig({ file: join(root, 'config.yaml'), overlays, environment });
      expect(loaded.config.sources.length).toBeGreaterThan(0);
    });
  }

  it('the one for a cluster loads too', () => {
    const overlays = [join(root, 'deploy/components/program/config.yaml')];
    expect(loadConfig({ file: join(root, 'config.yaml'), overlays, environment: { API_KEY: 'key' } }).config.server.host)
      .toBe('0.0.0.0');
  });
});

describe('pages', () => {
  it('docs/configuration.md is what the declarations say; `./scripts/dev.sh docs` makes it anew', () => {
    expect(read('docs/configuration.md')).toBe(configurationPage());
  });

  it('docs/configuration.md has every key', () => {
    const page = read('docs/configuration.md');
    for (const { path } of leavesOf(settingsTree)) expect(page).toContain(`\`${path}\``);
  });

  it('docs/errors.md explains every code, in two to four sentences, and no other', () => {
    const chapters = read('docs/errors.md').split(/^## /m).slice(1).map((chapter) => chapter.split('\n\n'));
    expect(chapters.map(([code]) => code).sort()).toEqual(Object.keys(errorCodes).sort());
    for (const [code, text] of chapters) {
      const sentences = text.trim().split(/[.?!](?:\s|$)/).filter((sentence) => sentence !== '');
      expect(sentences.length, code).toBeGreaterThanOrEqual(2);
      expect(sentences.length, code).toBeLessThanOrEqual(5);
    }
  });
});
