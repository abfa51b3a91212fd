import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

it('what is kept of src/assembly is what its sources are compiled to', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-assembly-'));
  try {
    const made = path.join(folder, 'records.wasm');
    execFileSync(process.execPath, [
      path.join(root, 'node_modules/assemblyscript/bin/asc.js'), '--config', path.join(root, 'src/assembly/asconfig.json'), '--outFile', made,
    ], { cwd: root, stdio: 'pipe' });
    expect(readFileSync(made).equals(readFileSync(path.join(root, 'src/assembly/records.wasm'))),
      'run ./scripts/dev.sh assembly and commit what it makes').toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
