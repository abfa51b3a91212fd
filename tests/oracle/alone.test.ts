import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const allowed = /^(?:\.\/[a-z-]+\.ts|node:(?:fs|path|zlib)|vitest|fast-check|\.\.\/support\/shared-data\.ts)$/;

it('the oracle imports nothing of the program: not a type, not a calculation', () => {
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    for (const [, imported] of text.matchAll(/\b(?:from |import |import\()'([^'\n]+)'/g)) {
      expect(imported, file).toMatch(allowed);
    }
  }
  expect(readFileSync(join(import.meta.dirname, '../support/shared-data.ts'), 'utf8')).not.toMatch(/src\//);
});
