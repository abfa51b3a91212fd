import convict from 'convict';
import type { Setting } from '../model/setting.ts';
import { isValid, ruleOf } from './rules.ts';
import { isSecret, isSetting } from './tree.ts';
import type { SettingsTree, TreeValues } from './tree.ts';

/**
 * Defaults with values laid over them, as one object. The values have kept their rules before they come here,
 * because convict reads `12abc` as 12, `no` as true, and can say neither where a value stands nor more than one
 * text for all faults; its strict validation is the second judge. `values` go by path within the tree.
 */
export function compose<T extends SettingsTree>(tree: T, values: ReadonlyMap<string, unknown>): TreeValues<T> {
  const composed = convict<Record<string, unknown>>(schemaOf(tree), { env: {}, args: [] });
  for (const [path, value] of values) composed.set(path, packed(value));
  composed.validate({ allowed: 'strict' });
  const result = unpacked(composed.getProperties());
  if (!fits(tree, result)) throw new Error('A value that keeps no rule has come through.');
  return result;
}

function schemaOf(tree: SettingsTree): convict.Schema<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(tree).map(([key, node]) =>
    [key, isSetting(node) ? schemaOfSetting(node) : schemaOf(node)]));
}

function schemaOfSetting(setting: Setting): convict.SchemaObj<unknown> {
  return {
    doc: setting.doc,
    default: packed(setting.default),
    nullable: setting.default === null,
    sensitive: isSecret(setting),
    format: (value: unknown): void => {
      if (!isValid(setting, unpacked(value))) throw new Error(ruleOf(setting));
    },
  };
}

/** A map of texts goes through convict closed: it would take a dot in a key for a step in a path. */
function packed(value: unknown): unknown {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? new Map(Object.entries(value)) : value;
}

function unpacked(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpacked(inner)]));
}

/** Whether every setting of a tree has a value that keeps its rule. */
function fits<T extends SettingsTree>(tree: T, values: unknown): values is TreeValues<T> {
  const found = new Map(typeof values === 'object' && values !== null ? Object.entries(values) : []);
  return Object.entries(tree).every(([key, node]) =>
    isSetting(node) ? isValid(node, found.get(key)) : fits(node, found.get(key)));
}
