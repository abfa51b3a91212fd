import { settingsTree, sourceKinds } from '../../src/config/schema.ts';
import { sectionDocs } from '../../src/config/section-docs.ts';
import { environmentNames, isSecret } from '../../src/config/tree.ts';
import { admissionSettings } from '../../src/operators/admission.ts';
import { commonSourceSettings } from '../../src/sources/settings.ts';
import type { Setting } from '../../src/model/setting.ts';
import { defaultText, sectionsWithSettings, valueWords } from './words.ts';

const intro = `# Configuration

<!-- Made by \`./scripts/dev.sh docs\` from the declarations in src/. Change those, not this page. -->

\`mdp check\` prints what all of this comes to: every key with its value and where that value was set. What it prints is
itself a configuration file, but for secrets, which show as \`***\`.

## Where a value comes from

Later wins:

1. the default, as below
2. the configuration file: \`config.yaml\`, or what \`--file\` names
3. overlays, in their order: \`--config config/production.yaml --config site.yaml\`
4. the environment
5. flags: \`--set pipeline.batch_size=1000\`

Sections are merged key by key. A list or a map, \`sources\` included, takes the place of the whole earlier one.

All faults are reported at once, each with its place, its key, what may stand there, and the nearest known key for a
typo. A value that a later layer replaces is judged all the same. Nothing starts with a faulty configuration.

### The environment

Every key but maps has a general name: \`PIPELINE_\` and its path in capitals, with \`_\` for everything that is neither
letter nor digit. Some have a short name too; setting both to different values is a fault. A key of a source is
\`PIPELINE_SOURCES_<NAME>_<KEY>\`, such as \`PIPELINE_SOURCES_DEMO_SEED\`: the source itself must stand in a file. Lists
are separated by commas; \`true\`, \`false\`, \`1\` and \`0\` are read as truth values. An empty variable counts as not set.
A name that begins with \`PIPELINE_\` and belongs to no key is a fault. (Kubernetes makes such names for a Service that
is called \`pipeline\`; \`enableServiceLinks: false\` in the pod leaves them out.)

### Secrets

Keep them out of files that others read. Each secret can be given as the path of a file that holds it, under its
environment name with \`_FILE\`: \`DATABASE_URL_FILE=/run/secrets/database-url\`. One line break at the end of that file
is taken off. Setting a secret both ways is a fault. Secrets are masked in logs, messages and \`mdp check\`.

### YAML

YAML 1.2, UTF-8, at most 256 KiB. \`no\`, \`off\` and \`yes\` are texts there, not truth values, and \`1_000\` is a text,
not a number. Anchors, aliases and merge keys (\`<<\`) work. Where text is wanted, a number is taken as it is written.
`;

const examples = `## Examples

Another database, metrics on a port of their own, an address that others can reach:

\`\`\`sh
DATABASE_URL_FILE=/run/secrets/database-url API_KEY_FILE=/run/secrets/api-key PIPELINE_METRICS_PORT=9464 \\
  mdp run --config config/production.yaml
\`\`\`

A recording, as fast as it goes, into minutes only, and then stop:

\`\`\`sh
mdp run --until-end --config config/replay-example.yaml --set bars.specs=1m
\`\`\`
`;

/** docs/configuration.md, whole. */
export function configurationPage(): string {
  const sections = sectionsWithSettings(settingsTree).map(({ path, settings }) => sectionText(path, settings));
  return [intro, examples, '## Keys\n', ...sections.filter((text) => text !== ''), sourcesText()].join('\n');
}

function sectionText(path: string, settings: Readonly<Record<string, Setting>>): string {
  const doc = Object.entries(sectionDocs).find(([key]) => key === path)?.[1];
  const head = path === '' ? '' : `### ${path}\n\n${doc ?? ''}\n\n`;
  if (Object.keys(settings).length === 0) return path === '' ? '' : head.trimEnd() + '\n';
  const prefix = path === '' ? '' : `${path}.`;
  return `${head}${table(prefix, settings)}`;
}

function sourcesText(): string {
  const lines = [
    '## Sources\n',
    'A list under `sources`; each entry has a `name` (letters, digits, `_` and `-`; unique; part of the names of its',
    'lanes and of its environment names) and a `type`. In the environment `<NAME>` is that name in capitals.\n',
    '### Every source\n',
    sourceTable(everySource),
  ];
  for (const [type, kind] of Object.entries(sourceKinds)) {
    const own = Object.entries(kind.settings).filter(([key, setting]) => !isCommon(key, setting));
    lines.push(`### type: ${type}\n`, sourceTable(Object.fromEntries(own)));
  }
  return lines.join('\n');
}

const everySource = { ...commonSourceSettings, ...admissionSettings };

/** A type may have another default or meaning for a common key; then the key stands in its own table too. */
function isCommon(key: string, setting: Setting): boolean {
  return Object.entries<Setting>(everySource).some(([name, common]) => name === key && common === setting);
}

function table(prefix: string, settings: Readonly<Record<string, Setting>>): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const names = environmentNames({ path: `${prefix}${key}`, setting });
    const all = isSecret(setting) ? [...names, ...names.map((name) => `${name}_FILE`)] : names;
    return row([`\`${prefix}${key}\``, all.map((name) => `\`${name}\``).join('<br>'), ...cells(setting)]);
  });
  return `${tableHead}${rows.join('')}`;
}

function sourceTable(settings: Readonly<Record<string, Setting>>): string {
  const rows = Object.entries(settings).map(([key, setting]) => {
    const name = setting.type === 'text-map' ? '' : `\`PIPELINE_SOURCES_<NAME>_${key.toUpperCase()}\``;
    return row([`\`${key}\``, name, ...cells(setting)]);
  });
  return `${tableHead}${rows.join('')}`;
}

const tableHead = row(['key', 'environment', 'value', 'default', 'what it does']) + row(Array(5).fill('---'));

function cells(setting: Setting): string[] {
  return [valueWords(setting), `\`${defaultText(setting)}\``, setting.doc];
}

function row(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |\n`;
}
