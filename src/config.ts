import { readConfig } from './config/load.ts';
import type { ConfigRequest, LoadedConfig } from './config/load.ts';

export { describeConfig, reportConfig } from './config/describe.ts';
export type { ConfigReport } from './config/describe.ts';
export type { Config, SourceConfig } from './config/schema.ts';
export type { LoadedConfig } from './config/load.ts';

/**
 * Reads the configuration: default < file < overlays < environment < flags. The only reader of the environment.
 * Throws an MdpError `config-invalid` whose message lists every fault, one a line.
 */
export function loadConfig(
  request: Omit<ConfigRequest, 'environment'> & Partial<Pick<ConfigRequest, 'environment'>>,
): LoadedConfig {
  return readConfig({ ...request, environment: request.environment ?? process.env });
}
