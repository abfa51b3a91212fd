import { yamlText } from '../../src/config/describe.ts';
import { isSetting, type SettingsTree } from '../../src/config/tree.ts';
import type { Setting } from '../../src/model/setting.ts';

/** What may stand there, short: `whole number, 1 to 64`. */
export function valueWords(setting: Setting): string {
  switch (setting.type) {
    case 'integer': return `whole number${boundWords(setting)}`;
    case 'number': return `number${boundWords(setting)}`;
    case 'boolean': return 'true or false';
    case 'text': return setting.secret === true ? 'secret' : 'text';
    case 'choice': return setting.choices.join(', ');
    case 'text-list': return 'list of texts';
    case 'text-map': return 'map of texts';
  }
}

function boundWords({ min, max }: { readonly min?: number; readonly max?: number }): string {
  if (min !== undefined && max !== undefined) return `, ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? '' : `, at most ${max}`;
}

export function defaultText(setting: Setting): string {
  return yamlText(setting.default);
}

/** The sections of a tree with the settings that stand directly in each, outermost first. */
export function sectionsWithSettings(
  tree: SettingsTree, path = '',
): { readonly path: string; readonly settings: Readonly<Record<string, Setting>> }[] {
  const own = Object.entries(tree).filter((entry): entry is [string, Setting] => isSetting(entry[1]));
  const inner = Object.entries(tree).flatMap(([key, node]) =>
    isSetting(node) ? [] : sectionsWithSettings(node, path === '' ? key : `${path}.${key}`));
  return [{ path, settings: Object.fromEntries(own) }, ...inner];
}

/** Words in lines of at most `width` characters. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
