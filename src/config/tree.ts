import type { Setting, ValuesOf } from '../model/setting.ts';

/** Settings in sections, sections in sections: the shape of the configuration file. */
export type SettingsTree = { readonly [key: string]: Setting | SettingsTree };

/** The values of a tree of settings, under the same keys. */
export type TreeValues<T> = {
  readonly [K in keyof T]:
    T[K] extends Setting ? ValuesOf<{ readonly value: T[K] }>['value'] : TreeValues<T[K]>;
};

/** One setting and where it stands: `pipeline.batch_size`, `sources.demo.seed`. */
export interface Leaf {
  readonly path: string;
  readonly setting: Setting;
}

export function isSetting(node: Setting | SettingsTree): node is Setting {
  return typeof node['type'] === 'string';
}

/** The node under a key; never something that every object inherits (`constructor`, `__proto__`). */
export function childOf(tree: SettingsTree, key: string): Setting | SettingsTree | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

/** Every setting of a tree, in the order of its declaration. `prefix` ends with a dot or is empty. */
export function leavesOf(tree: SettingsTree, prefix = ''): Leaf[] {
  return Object.entries(tree).flatMap(([key, node]) => {
    const path = `${prefix}${key}`;
    return isSetting(node) ? [{ path, setting: node }] : leavesOf(node, `${path}.`);
  });
}

/** Every section of a tree: `kafka`, `kafka.sasl`. */
export function sectionsOf(tree: SettingsTree, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, node]) =>
    isSetting(node) ? [] : [`${prefix}${key}`, ...sectionsOf(node, `${prefix}${key}.`)]);
}

export function isSecret(setting: Setting): boolean {
  return setting.type === 'text' && setting.secret === true;
}

/** Environment names of a setting, short one first: `PIPELINE_BATCH_SIZE`, `PIPELINE_PIPELINE_BATCH_SIZE`. */
export function environmentNames(leaf: Leaf): readonly string[] {
  if (leaf.setting.type === 'text-map') return []; // A map has no spelling in one line that people agree on.
  const general = `PIPELINE_${leaf.path.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  const declared = leaf.setting.env;
  return declared === undefined || declared === general ? [general] : [declared, general];
}
