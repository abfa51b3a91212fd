/**
 * Writes what the program is made of, as CycloneDX: every package of the lock file that is shipped, with version, licence and digest.
 * To standard output, or to the file that is named.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Sbom {
  readonly metadata: { readonly component: { name: string; readonly 'bom-ref': string } };
  components: readonly { readonly 'bom-ref': string; readonly name: string; readonly version: string }[];
  dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}

const root = path.resolve(import.meta.dirname, '..');
// Not --omit=dev: that leaves out what is shipped too when a package for developers also needs it (npm 11).
const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
const answer = spawnSync('npm', args, {
  cwd: root, encoding: 'utf8', maxBuffer: 67_108_864, stdio: ['ignore', 'pipe', 'pipe'],
});
if (answer.status !== 0) throw new Error(`npm could not write it:\n${answer.stderr ?? answer.error?.message ?? ''}`);
const sbom = JSON.parse(answer.stdout) as Sbom;
const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { name: string };
sbom.metadata.component.name = name; // npm takes the name of the folder.
keepShipped(sbom);
const text = `${JSON.stringify(sbom, null, 2)}\n`;
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(text);
else writeFileSync(path.resolve(file), text);

function keepShipped(whole: Sbom): void {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lock;
  const shipped = new Set(Object.entries(packages).filter(([place, { dev }]) => place !== '' && dev !== true)
    .map(([place, { version }]) => `${place.split('node_modules/').at(-1)}@${version}`));
  whole.components = whole.components.filter((one) => shipped.has(`${one.name}@${one.version}`));
  const refs = new Set([whole.metadata.component, ...whole.components].map((one) => one['bom-ref']));
  whole.dependencies = whole.dependencies.filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
}
