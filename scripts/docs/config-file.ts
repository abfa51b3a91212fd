import { settingsTree, sourceKinds } from '../../src/config/schema.ts';
import { sectionDocs } from '../../src/config/section-docs.ts';
import { environmentNames, isSecret, isSetting, type SettingsTree } from '../../src/config/tree.ts';
import { yamlText } from '../../src/config/describe.ts';
import type { Setting } from '../../src/model/setting.ts';
import { shippedValues } from './shipped-values.ts';
import { sourceExamples, type SourceExample } from './source-examples.ts';
import { defaultText, valueWords, wrapped } from './words.ts';

const columns = 110;

const head = `# The configuration of a pipeline: every key with its default, or with what its comment says is in its place.
#
# Later wins: default < this file < --config overlays, in order < environment < --set key=value. A list or map
# of a later layer takes the place of the whole earlier one. Every key can also be set by the environment:
# PIPELINE_ and the path in capitals, such as PIPELINE_SINK_WORKERS; shorter names stand in brackets. Secrets
# also come from files: DATABASE_URL_FILE, API_KEY_FILE. \`mdp check\` prints what it comes to, and from where.
# The reference is docs/configuration.md. A key behind a bare #, as in #venue, is not set.
`;

/** config.yaml: every key with its comment and its default or what is shipped, one source at work, the others as examples. */
export function configFile(): string {
  const blocks = Object.entries<Setting | SettingsTree>(settingsTree).map(([key, node]) =>
    isSetting(node) ? settingLines(key, node, { path: key, indent: '' }) : sectionLines(key, node, key));
  const [name, ...sections] = blocks.map((lines) => lines.join('\n'));
  return `${[head.trimEnd(), name, sourcesBlock(), ...sections].join('\n\n')}\n`;
}

function sectionLines(key: string, tree: SettingsTree, path: string): string[] {
  const indent = '  '.repeat(path.split('.').length - 1);
  const lines = [...comment(sectionDoc(path), indent), `${indent}${key}:`];
  for (const [inner, node] of Object.entries(tree)) {
    const innerPath = `${path}.${inner}`;
    if (isSetting(node)) lines.push(...settingLines(inner, node, { path: innerPath, indent: `${indent}  ` }));
    else lines.push(...sectionLines(inner, node, innerPath));
  }
  return lines;
}

function sectionDoc(path: string): string {
  return Object.entries(sectionDocs).find(([key]) => key === path)?.[1] ?? '';
}

function settingLines(key: string, setting: Setting, place: { path: string; indent: string }): string[] {
  const names = environmentNames({ path: place.path, setting });
  const short = names.length > 1 ? ` [${names[0]}${isSecret(setting) ? `, ${names[0]}_FILE` : ''}]` : '';
  const text = `${setting.doc} (${valueWords(setting)})${short}`;
  const shipped = Object.hasOwn(shippedValues, place.path) ? shippedValues[place.path] : null;
  if (shipped === null) return [...comment(text, place.indent), `${place.indent}${key}: ${defaultText(setting)}`];
  return [
    ...comment(`${text} ${shipped.why}`, place.indent), `${place.indent}${key}:`,
    ...shipped.items.map((item) => `${place.indent}  - ${item}`),
  ];
}

function comment(text: string, indent: string): string[] {
  return wrapped(text, columns - indent.length - 2).map((line) => `${indent}# ${line}`);
}

function sourcesBlock(): string {
  const intro = 'Where trades come from: a list, each entry with a name (unique, part of the names of its lanes) ' +
    'and a type. In the environment: PIPELINE_SOURCES_, the name and the key in capitals, such as ' +
    'PIPELINE_SOURCES_DEMO_SEED.';
  const entries = sourceExamples.flatMap((example) => sourceLines(example));
  return [...comment(intro, ''), 'sources:', ...entries].join('\n');
}

/** In an example that is at work, keys at their defaults stand behind a bare #; one that is not is so as a whole. */
function sourceLines(example: SourceExample): string[] {
  const settings = Object.hasOwn(sourceKinds, example.type) ? sourceKinds[example.type].settings : {};
  const lines = [`- name: ${example.name}`, `  type: ${example.type}`];
  for (const [key, value] of Object.entries(example.values)) {
    if (Object.hasOwn(settings, key)) lines.push(...sourceComment(settings[key]));
    lines.push(`  ${key}: ${yamlText(value)}`);
  }
  for (const [key, setting] of Object.entries(settings)) {
    if (Object.hasOwn(example.values, key)) continue;
    lines.push(...sourceComment(setting), `  ${example.active ? '#' : ''}${key}: ${defaultText(setting)}`);
  }
  return ['', ...comment(example.doc, '  '), ...lines.map((line) => `  ${example.active ? '' : '#'}${line}`)];
}

function sourceComment(setting: Setting): string[] {
  return wrapped(`${setting.doc} (${valueWords(setting)})`, columns - 7).map((line) => `  # ${line}`);
}
