import { describe, expect, it } from 'vitest';
import { settingsTree, sourceKinds } from '../../src/config/schema.ts';
import { environmentNames, leavesOf, type Leaf } from '../../src/config/tree.ts';
import { at, faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

const types = Object.keys(sourceKinds);
const sources = types.map((type) => ({ name: `a-${type}`, type }));
const everySource = file('sources.yaml', JSON.stringify({ sources }));
const leaves: readonly Leaf[] = [
  ...leavesOf(settingsTree),
  ...types.flatMap((type) => leavesOf(sourceKinds[type].settings, `sources.a-${type}.`)),
];

/** Faults of one key when a flag gives it this value. A value may be right by itself and wrong beside others. */
function rejected(path: string, value: number | string): boolean {
  const faults = faultsOf({ file: everySource, flags: [`${path}=${value}`] });
  return faults.some((line) => line.includes(': write ') && line.includes(` ${path} is `));
}

describe('the bounds of every number', () => {
  for (const { path, setting } of leaves) {
    if (setting.type !== 'integer' && setting.type !== 'number') continue;
    const step = setting.type === 'integer' ? 1 : 1e-6;
    const { min, max } = setting;

    it(`${path} has a least value`, () => expect(min).toBeDefined());

    if (min !== undefined) {
      it(`${path} may be ${min} and not less`, () => {
        expect(rejected(path, min)).toBe(false);
        expect(rejected(path, min - step)).toBe(true);
      });
    }
    if (max !== undefined) {
      it(`${path} may be ${max} and not more`, () => {
        expect(rejected(path, max)).toBe(path === 'sink.retry.base_ms');
        expect(rejected(path, setting.type === 'integer' ? max + 1 : max * 1.001)).toBe(true);
      });
    }
    it(`${path} is ${setting.type === 'integer' ? 'whole' : 'finite'}`, () => {
      for (const text of ['many', '1_000', '0x10', 'NaN', 'Infinity', '1e999', '--1', '1 2', '']) {
        expect(rejected(path, text), text).toBe(true);
      }
      if (setting.type === 'integer') expect(rejected(path, (min ?? 0) + 0.5)).toBe(true);
    });
  }
});

describe('every other setting', () => {
  for (const { path, setting } of leaves) {
    if (setting.type === 'choice') {
      it(`${path} may be each of its choices and nothing else`, () => {
        for (const choice of setting.choices) expect(rejected(path, choice), choice).toBe(false);
        for (const other of ['', 'x', `${setting.choices[0]}x`, setting.choices[0].toUpperCase()]) {
          expect(rejected(path, other), other).toBe(true);
        }
      });
    }
    if (setting.type === 'boolean') {
      it(`${path} may be true or false`, () => {
        for (const text of ['true', 'false', '1', '0', 'TRUE']) expect(rejected(path, text), text).toBe(false);
        for (const text of ['yes', 'no', 'on', 'off', '2', '']) expect(rejected(path, text), text).toBe(true);
      });
    }
    if (setting.type === 'text-map') {
      it(`${path} is set in a file, not in a line`, () => {
        expect(rejected(path, 'a=b')).toBe(true);
        expect(environmentNames({ path, setting })).toEqual([]);
      });
    }
  }
});

describe('every declaration', () => {
  it('keeps its own rule: all defaults load', () => {
    expect(load().leaves.map(({ path }) => path)).toEqual(leavesOf(settingsTree).map(({ path }) => path));
  });

  for (const { path, setting } of leaves) {
    it(`${path} has a sentence, and a key in small letters`, () => {
      expect(setting.doc).toMatch(/^[A-Z0-9'`].*\.$|^[a-z]+: .*\.$/s);
      expect(path.split('.').at(-1)).toMatch(/^[a-z][a-z0-9_]*$/);
    });
  }

  it('has environment names that nothing else has', () => {
    const names = leaves.flatMap((leaf) => environmentNames(leaf).flatMap((name) => [name, `${name}_FILE`]));
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    expect(twice).toEqual([]);
  });

  it('is set by its general name', () => {
    for (const leaf of leavesOf(settingsTree)) {
      const general = environmentNames(leaf).at(-1);
      if (leaf.setting.type !== 'integer' || general === undefined) continue;
      const value = leaf.setting.max ?? 1_000;
      if (leaf.path === 'sink.retry.base_ms') continue;
      expect(at(load({ environment: { [general]: String(value) } }).config, leaf.path), general).toBe(value);
    }
  });
});
