import type { Config } from '../config.ts';
import { MdpError } from '../errors.ts';
import { admissionSettings } from '../operators/admission.ts';
import { sourceTypes } from '../sources/registry.ts';

export type ReplayConfig = Extract<Config['sources'][number], { type: 'replay' }>['values'];

/**
 * How trade files are to be read: as the named source of the configuration reads its own, or by the defaults where none is
 * named. Throws an MdpError `usage`.
 */
export function replayValues(source: string | undefined, config: Config): ReplayConfig {
  if (source === undefined) return defaults();
  const found = config.sources.find((one) => one.name === source);
  if (found?.type === 'replay') return found.values;
  const known = config.sources.filter((one) => one.type === 'replay').map((one) => one.name);
  throw new MdpError('usage', `There is no replay source "${source}" in the configuration; ` +
    `${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}.`);
}

function defaults(): ReplayConfig {
  const settings = { ...sourceTypes.replay.settings, ...admissionSettings };
  const values = Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default]));
  return { ...values, max_msgs_per_sec: 0, burst: 0 } as unknown as ReplayConfig;
}
