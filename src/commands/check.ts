import { loadConfig } from '../config.ts';
import { describeConfig, reportConfig } from '../config/describe.ts';

/** `mdp check`: prints the effective configuration. Throws an MdpError `config-invalid` that lists every fault. */
export function check(options: {
  readonly file: string; readonly config: readonly string[]; readonly set: readonly string[]; readonly json: boolean;
}): void {
  const loaded = loadConfig({ file: options.file, overlays: options.config, flags: options.set });
  process.stdout.write(options.json
    ? `${JSON.stringify(reportConfig(loaded), null, 2)}\n`
    : describeConfig(loaded, process.stdout.isTTY));
}
