import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { load } from '../support/config-files.ts';
import { isSecret } from '../../src/config/tree.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8');

/** Lines of the tables that have a column of tests: header and ruler are none. */
function rowsOf(text: string): string[] {
  const tables = text.split(/\n\n+/).filter((block) => /^\|.*\| tests \|$/m.test(block));
  return tables.flatMap((table) => table.split('\n').filter((line) => line.startsWith('|')).slice(2));
}

/** What is wrong with the tests that a line names. */
function faultsOf(row: string): string[] {
  const tests = row.split('|').at(-2)!;
  const named = [...tests.matchAll(/`(tests\/[\w./-]+)`((?::? ?,? ?"[^"]+")*)/g)];
  if (named.length === 0) return [`${row}: no test`];
  return named.flatMap(([, file, titles]) => {
    if (!existsSync(path.join(root, file))) return [`${file} does not exist`];
    const source = readFileSync(path.join(root, file), 'utf8').replaceAll(String.raw`\'`, "'");
    return [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => title)
      .filter((title) => !['\'', '`', '('].some((before) => source.includes(`${before}${title}`)))
      .map((title) => `${file} has no test "${title}"`);
  });
}

describe('docs/security.md', () => {
  it('names with every threat the test that shows what holds, and each is there', () => {
    const rows = rowsOf(page);
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.flatMap(faultsOf)).toEqual([]);
  });

  it('would be caught without a test, with a file that is not there, and with a title that nobody has', () => {
    expect(faultsOf('| network | x | y | |')).toHaveLength(1);
    expect(faultsOf('| network | x | y | `tests/nowhere.test.ts`: "z" |')).toEqual(['tests/nowhere.test.ts does not exist']);
    const title = ['nobody', 'has', 'this'].join(' ');
    expect(faultsOf(`| network | x | y | \`tests/security/threat-model.test.ts\`: "would be caught", "${title}" |`))
      .toEqual([`tests/security/threat-model.test.ts has no test "${title}"`]);
  });

  it('speaks of as many kinds of secrets as the schema has', () => {
    const kinds = load().leaves.filter(({ setting }) => isSecret(setting)).map(({ path: of }) => of);
    expect(kinds.toSorted()).toEqual([
      'alerts.webhook_secret', 'alerts.webhook_url', 'kafka.sasl.password', 'kafka.ssl.key', 'server.api_key', 'store.url',
    ]);
    for (const words of ['URL of the database', 'API keys', 'password and private key for the brokers', 'schema\nregistry|schema registry',
      'address and key of the webhook']) {
      expect(page).toMatch(new RegExp(words));
    }
  });
});
