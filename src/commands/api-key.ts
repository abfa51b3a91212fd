import { makeKey } from '../server/api-keys.ts';

/** `mdp api-key NAME`: prints a new key, and the line for server.api_keys_file. Throws an MdpError `usage`. */
export function printApiKey(name: string): void {
  const { key, line } = makeKey(name);
  process.stdout.write(`${key}\n`);
  process.stderr.write('The key stands above, for its client, and is kept nowhere else. This line goes into the file of ' +
    `server.api_keys_file:\n${line}\n`);
}
