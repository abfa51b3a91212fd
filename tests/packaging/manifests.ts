import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { commandPath, read, root } from './files.ts';
import type { Kinds, Manifest } from './kinds.ts';

/** The program that renders, and what it wants before the folder; null where there is none. */
const renderers: readonly (readonly [string, ...string[]])[] = [['kubectl', 'kustomize'], ['kustomize', 'build']];
const renderer = renderers.find(([program]) => commandPath(program) !== null) ?? null;
export const cannotRender = renderer === null;

/** Every object in a text of YAML documents. */
export function manifestsIn(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

export function manifestsOf(file: string): readonly Manifest[] {
  return manifestsIn(read(file));
}

/** What a folder renders to, as text. Throws with the words of the renderer. */
export function renderText(folder: string): string {
  const [program, ...args] = renderer!;
  return execFileSync(commandPath(program)!, [...args, folder], { cwd: root, encoding: 'utf8', stdio: 'pipe' });
}

export function render(folder: string): readonly Manifest[] {
  return manifestsIn(renderText(folder));
}

/** The object of that kind, and of that name where several have the kind. Throws where there is not exactly one. */
export function one<Kind extends keyof Kinds>(manifests: readonly Manifest[], kind: Kind, name?: string): Kinds[Kind] {
  const found = manifests.filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  if (found.length !== 1) throw new Error(`There are ${found.length} of ${kind} ${name ?? ''}.`);
  return found[0] as Kinds[Kind];
}

/** Where the schemas of others than Kubernetes itself are. */
const packages: Readonly<Record<string, string>> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'external-secrets.io': '@kubernetes-models/external-secrets',
};

function moduleOf({ apiVersion }: Manifest): string {
  return `${packages[apiVersion.split('/')[0]] ?? 'kubernetes-models'}/${apiVersion}`;
}

type Model = new (manifest: Manifest) => { validate(): void };

/** The values that break the schema of their kind, each with the object and the words of the validator. */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = [];
  for (const manifest of manifests) {
    const place = `${manifest.kind} ${manifest.metadata.name}`;
    const models: Record<string, Model> = await import(/* @vite-ignore */ moduleOf(manifest));
    const model = models[manifest.kind];
    if (model === undefined) faults.push(`${place}: ${manifest.apiVersion} has no such kind`);
    try {
      if (model !== undefined) new model(manifest).validate();
    } catch (error) {
      faults.push(`${place}: ${String(error)}`);
    }
  }
  return faults;
}

/** What the type checker says of manifests as literals of their interfaces. Unlike the validators it knows every field. */
export function typeFaults(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-manifests-'));
  try {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const lines = manifests.flatMap((manifest, index) => [
      `import type { I${manifest.kind} as T${index} } from '${moduleOf(manifest)}';`,
      `export const m${index}: T${index} = ${JSON.stringify(manifest)};`,
    ]);
    writeFileSync(path.join(folder, 'manifests.ts'), lines.join('\n'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    const { status, stdout } = spawnSync(compiler, [...options, 'manifests.ts'], { cwd: folder, encoding: 'utf8' });
    return status === 0 ? '' : `exit code ${status}\n${stdout}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
