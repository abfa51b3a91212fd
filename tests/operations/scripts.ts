import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../packaging/files.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of scripts/ with this environment beside the usual one. */
export function runScript(
  name: string, args: readonly string[], environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const { DATABASE_URL: _unused, ...inherited } = process.env;
  const child = spawn(path.join(root, 'scripts', name), args, {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Writes a program of bash into a folder that stands first on a PATH. */
export function writeProgram(folder: string, name: string, lines: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, name), ['#!/bin/bash', ...lines, ''].join('\n'));
  chmodSync(path.join(folder, name), 0o755);
}
