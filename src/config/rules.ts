import type { Setting } from '../model/setting.ts';
import { mask } from './fault.ts';

/** What may be written for a setting, as the end of "write …". */
export function ruleOf(setting: Setting): string {
  const orNull = setting.default === null ? ', or null' : '';
  switch (setting.type) {
    case 'integer': return `write a whole number${boundsOf(setting)}${orNull}`;
    case 'number': return `write a number${boundsOf(setting)}${orNull}`;
    case 'boolean': return `write true or false${orNull}`;
    case 'text': return `write ${setting.secret === true ? 'the secret itself as text' : 'text'}${orNull}`;
    case 'choice': return `write one of ${setting.choices.join(', ')}${orNull}`;
    case 'text-list': return `write a list of texts${orNull}`;
    case 'text-map': return `write a mapping of texts to texts${orNull}`;
  }
}

/** ` from 1 to 20000`, ` of at least 0`, or nothing. */
export function boundsOf(setting: { readonly min?: number; readonly max?: number }): string {
  if (setting.min !== undefined && setting.max !== undefined) return ` from ${setting.min} to ${setting.max}`;
  if (setting.min !== undefined) return ` of at least ${setting.min}`;
  return setting.max === undefined ? '' : ` of at most ${setting.max}`;
}

/** Whether a value, as YAML or `fromText` gives it, keeps the rule of its setting. */
export function isValid(setting: Setting, value: unknown): boolean {
  if (value === null) return setting.default === null;
  switch (setting.type) {
    case 'integer': return Number.isSafeInteger(value) && isWithin(setting, value);
    case 'number': return Number.isFinite(value) && isWithin(setting, value);
    case 'boolean': return typeof value === 'boolean';
    case 'text': return typeof value === 'string' && !(setting.secret === true && value === mask);
    case 'choice': return typeof value === 'string' && setting.choices.includes(value);
    case 'text-list': return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'text-map': return isTextMap(value);
  }
}

function isWithin(setting: { readonly min?: number; readonly max?: number }, value: unknown): boolean {
  const { min = -Infinity, max = Infinity } = setting;
  return typeof value === 'number' && value >= min && value <= max;
}

/** Keys that reach into what every object inherits would be found where nobody wrote them. */
const inheritedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  const entries = Object.entries(value ?? {});
  return entries.every(([key, text]) => typeof text === 'string' && !inheritedKeys.has(key));
}

const integerText = /^[+-]?\d+$/;
const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ['true', true], ['1', true], ['false', false], ['0', false],
]);

/** A value from the environment or a flag; text that does not fit stays text, and its rule refuses it. */
export function fromText(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === 'null' && setting.default === null) return null;
  switch (setting.type) {
    case 'integer': return integerText.test(trimmed) ? Number(trimmed) : text;
    case 'number': return numberText.test(trimmed) ? Number(trimmed) : text;
    case 'boolean': return booleanTexts.get(trimmed.toLowerCase()) ?? text;
    case 'text': return text;
    case 'choice': return trimmed;
    // Commas between brackets are an item's own: macd(12,26,9)@1m.
    case 'text-list': return trimmed === '' ? [] : trimmed.split(/,(?![^(]*\))/).map((item) => item.trim());
    case 'text-map': return text; // Never valid: a map is written in a file.
  }
}
