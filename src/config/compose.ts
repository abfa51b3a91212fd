import convict from 'convict';
import type { Setting } from '../model/setting.ts';
import { isValid, ruleOf } from './rules.ts';
import { isSecret, isSetting } from './tree.ts';
import type { SettingsTree } from './tree.ts';

/**
 * Defaults with values laid over them, as one object. The values have kept their rules before they come here, because
 * convict reads `12abc` as 12, `no` as true, and can say neither where a value stands nor more than one text for all
 * faults; its strict validation is the second judge. `values` go by path within the tree.
 */
export function compose(tree: SettingsTree, values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const composed = convict<Record<string, unknown>>(schemaOf(tree), { env: {}, args: [] });
  for (const [path, value] of values) composed.set(path, inList(value));
  composed.validate({ allowed: 'strict' });
  return outOfLists(tree, composed.getProperties());
}

function schemaOf(tree: SettingsTree): convict.Schema<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(tree).map(([key, node]) =>
    [key, isSetting(node) ? schemaOfSetting(node) : schemaOf(node)]));
}

function schemaOfSetting(setting: Setting): convict.SchemaObj<unknown> {
  return {
    doc: setting.doc,
    default: inList(setting.default),
    nullable: setting.default === null,
    sensitive: isSecret(setting),
    format: (value: unknown): void => {
      if (!isValid(setting, setting.type === 'text-map' ? outOfList(value) : value)) throw new Error(ruleOf(setting));
    },
  };
}

/** A map goes through convict as a list of pairs: it would take a dot in a key for a step in a path. */
function inList(value: unknown): unknown {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? Object.entries(value) : value;
}

function outOfList(value: unknown): unknown {
  return Array.isArray(value) ? Object.fromEntries(value as [string, string][]) : value;
}

function outOfLists(tree: SettingsTree, values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tree).map(([key, node]) => {
    const value = values[key];
    if (!isSetting(node)) return [key, outOfLists(node, value as Record<string, unknown>)];
    return [key, node.type === 'text-map' ? outOfList(value) : value];
  }));
}
