import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingsTree } from '../../src/config/schema.ts';
import { exitCode } from '../../src/errors.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { read, root } from './files.ts';

const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
const pages = execFileSync('git', listing, { cwd: root, encoding: 'utf8' }).trim().split('\n');

/** Anchors of a page as they are made from its headings: lower case, no punctuation, hyphens for spaces. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]);
  const plain = headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, ''));
  return new Set(plain.map((heading) => heading.replaceAll(' ', '-')));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '');
}

function linkFaults(page: string, text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]);
  return targets.filter((target) => !/^[a-z]+:/.test(target)).flatMap((target) => {
    const [file, anchor] = target.split('#');
    const found = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(root, found))) return [`${page}: ${target} does not exist`];
    if (anchor === undefined || anchorsOf(found === page ? text : read(found)).has(anchor)) return [];
    return [`${page}: ${target}: ${found} has no such heading`];
  });
}

describe('the pages', () => {
  it('link to what exists', () => {
    expect(pages).toContain('README.md');
    expect(pages.flatMap((page) => linkFaults(page, read(page)))).toEqual([]);
  });

  it('would be caught with a link to nowhere', () => {
    const text = '# Here\n[a](nowhere.md) [b](#here) [c](#there) [d](docs/operations.md#exit-codes)';
    expect(linkFaults('README.md', text)).toEqual([
      'README.md: nowhere.md does not exist', 'README.md: #there: README.md has no such heading',
    ]);
  });

  it('name verbs of dev.sh that exist, and scripts that can be run', () => {
    const verbs = new Set([...read('scripts/dev.sh').matchAll(/^ {2}([\w -]+(?: \| [\w -]+)*)\)/gm)]
      .flatMap((match) => match[1].split(' | ')));
    const commands = pages.flatMap((page) => [...read(page).matchAll(/\.\/scripts\/([\w.-]+)(?: +([\w-]+))?/g)]);
    const faults = commands.flatMap(([text, script, verb]) => {
      if (!existsSync(path.join(root, 'scripts', script))) return [text];
      return script === 'dev.sh' && verb !== undefined && verb !== 'VERB' && !verbs.has(verb) ? [text] : [];
    });
    expect(commands.length).toBeGreaterThan(5);
    expect(faults).toEqual([]);
  });

  it('name settings that exist', () => {
    const sections = Object.keys(settingsTree).join('|');
    const named = new RegExp(`\`((?:${sections})\\.[a-z_.]+)\``, 'g');
    const faults = pages.flatMap((page) => [...read(page).matchAll(named)].map((match) => match[1])
      .filter((key) => !isSetting(key)).map((key) => `${page}: ${key}`));
    expect(faults).toEqual([]);
  });

  it('name metrics that exist', () => {
    const known = new Set(metrics.map(({ name }) => name));
    const faults = pages.flatMap((page) => [...read(page).matchAll(/`(mdp_\w+_\w+|operator_\w+)`/g)]
      .map((match) => match[1]).filter((name) => !known.has(name)).map((name) => `${page}: ${name}`));
    expect(faults).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');

  it('lists every exit code', () => {
    const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(listed).toEqual(Object.values(exitCode));
  });
});

function isSetting(key: string): boolean {
  let node: unknown = settingsTree;
  for (const part of key.split('.')) {
    if (typeof node !== 'object' || node === null || !(part in node)) return false;
    node = Object.entries(node).find(([name]) => name === part)?.[1];
  }
  return true;
}
