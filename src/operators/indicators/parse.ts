import { MdpError } from '../../errors.ts';
import { parseBarSpec, type BarSpec } from '../../model/bar-spec.ts';
import type { IndicatorLine } from '../../model/indicator.ts';
import type { Indicator, IndicatorType } from './indicator.ts';
import { indicatorTypes } from './registry.ts';

/** An indicator on the bars of one spec. */
export interface BarIndicator {
  readonly indicator: Indicator;
  /** Index into the list of bar specs. */
  readonly spec: number;
  readonly barSpec: string;
}

/**
 * Parses a list, in its order. Throws an MdpError `indicator-invalid` that says what is allowed: for text that is none, a
 * bar spec that is none of `specs`, and two spellings of one.
 */
export function parseIndicators(texts: readonly string[], specs: readonly BarSpec[]): readonly BarIndicator[] {
  const indicators = texts.map((text) => parseIndicator(text, specs));
  const names = indicators.map(textOf);
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (first !== index) refuse(`"${texts[first]}" and "${texts[index]}" are the same indicator; keep one`);
  }
  return indicators;
}

/** Throws an MdpError `indicator-invalid`. */
export function parseIndicator(text: string, specs: readonly BarSpec[]): BarIndicator {
  // A bar spec may hold an @ of its own: the first one ends the indicator.
  const parts = /^\s*([a-z][a-z0-9_]*)\s*\(([^()@]*)\)\s*@\s*(\S+)\s*$/i.exec(text);
  if (parts === null) refuse(`"${text}" is not NAME(ARGUMENTS)@BARSPEC, such as rsi(14)@1m; ${allowed()}`);
  const [, name, list, specText] = parts;
  const types: Readonly<Record<string, IndicatorType>> = indicatorTypes;
  const type = Object.hasOwn(types, name.toLowerCase()) ? types[name.toLowerCase()] : undefined;
  if (type === undefined) refuse(`"${text}" names no indicator ("${name}"); ${allowed()}`);
  const barSpec = nameOfSpec(specText);
  const spec = specs.findIndex((known) => known.name === barSpec);
  if (spec === -1) {
    const known = specs.map((one) => one.name).join(', ');
    refuse(`"${text}" is on bars of ${specText}, which is none of bars.specs (${known}): add it there, or take the ` +
      'indicator out');
  }
  const indicator = type.create(list.trim() === '' ? [] : list.split(',').map(numberOf), specs[spec]);
  if (indicator === null) refuse(`"${text}" has other arguments than ${type.form}`);
  return { indicator, spec, barSpec };
}

/** As people write it, in one spelling: what names it in a checkpoint. */
export function textOf({ indicator, barSpec }: BarIndicator): string {
  return `${indicator.name}@${barSpec}`;
}

/** What the values of these indicators are values of, in the order in which rows count them. */
export function linesOf(indicators: readonly BarIndicator[]): readonly IndicatorLine[] {
  return indicators.flatMap(({ indicator, barSpec }) => indicator.lines.map((line) => ({ indicator: line, barSpec })));
}

/** One spelling of a number: digits, and a fraction where there is one. */
function numberOf(text: string): number {
  return /^\s*[0-9]+(\.[0-9]+)?\s*$/.test(text) ? Number(text) : NaN;
}

function nameOfSpec(text: string): string {
  try {
    return parseBarSpec(text).name;
  } catch (error) {
    if (error instanceof MdpError) return text;
    throw error;
  }
}

function allowed(): string {
  return `write one of ${Object.values<IndicatorType>(indicatorTypes).map(({ form }) => form).join('; ')}`;
}

function refuse(message: string): never {
  throw new MdpError('indicator-invalid', `${message}.`);
}
