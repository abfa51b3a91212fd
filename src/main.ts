#!/usr/bin/env node
import { Command, CommanderError, Option } from 'commander';
import { addDeadLetters } from './commands/dead-letters-program.ts';
import { addLanes } from './commands/lanes-program.ts';
import { addProduce } from './commands/produce-program.ts';
import { addVerify } from './commands/verify-program.ts';
import { exitCode, MdpError, messageOf } from './errors.ts';
import { endWithin } from './lifecycle.ts';

/*
 * The command line. Each command is a file of its own under commands/, loaded only when it is asked for, so that
 * `mdp --help` does not load a database driver.
 */

interface ConfigOptions {
  readonly config: readonly string[];
  readonly file: string;
  readonly set: readonly string[];
}

/** Everything is committed and closed by then. */
const lingerMsMax = 2_000;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function withConfig(command: Command): Command {
  return command
    .addOption(new Option('--file <path>', 'configuration file').default('config.yaml'))
    .addOption(new Option('--config <path>', 'overlay on it; may be repeated').default([]).argParser(collect))
    .addOption(new Option('--set <key=value>', 'one setting; may be repeated').default([]).argParser(collect));
}

const program = new Command('mdp')
  .description('Market-data ticks into bars in TimescaleDB that can be trusted.')
  .exitOverride();

withConfig(program.command('run'))
  .description('read the sources, fold bars, write them, serve health and queries')
  .option('--until-end', 'stop when the sources have ended and every row is committed')
  .addOption(new Option('--rebuild <lane>', 'fold the log of a lane again from its beginning; a lane, a source or all')
    .default([]).argParser(collect))
  .addOption(new Option('--from-now <lane>', 'go on where a lane was left, without what was open; a lane, a source or all')
    .default([]).argParser(collect))
  .action(async (options: ConfigOptions & { untilEnd?: true; rebuild: string[]; fromNow: string[] }) => {
    const { run } = await import('./commands/run.ts');
    await run({ ...options, untilEnd: options.untilEnd === true });
    endWithin(lingerMsMax);
  });

withConfig(program.command('serve'))
  .description('look on while `mdp run` works: fold the same logs for queries, stream and page, and write nothing')
  .action(async (options: ConfigOptions) => {
    const { serve } = await import('./commands/serve.ts');
    await serve(options);
    endWithin(lingerMsMax);
  });

withConfig(program.command('check'))
  .description('read the configuration and print what it comes to, with origins; secrets are masked')
  .option('--json', 'as JSON')
  .action(async (options: ConfigOptions & { json?: true }) => {
    const { check } = await import('./commands/check.ts');
    check({ ...options, json: options.json === true });
  });

withConfig(program.command('migrate'))
  .description('bring the database to the schema of this version')
  .action(async (options: ConfigOptions) => {
    const { migrateStore } = await import('./commands/migrate.ts');
    await migrateStore(options);
  });

program.command('api-key').argument('<name>', 'whose it is: letters, digits and hyphens')
  .description('make an API key: the key, and its line for server.api_keys_file')
  .action(async (name: string) => {
    const { printApiKey } = await import('./commands/api-key.ts');
    printApiKey(name);
  });

addVerify(program, withConfig);
addDeadLetters(program, withConfig);
addLanes(program, withConfig);
addProduce(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Writes what went wrong for people, and returns the exit code for machines. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage; // It has spoken already.
  if (error instanceof MdpError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : messageOf(error)}\n`);
  return exitCode.unexpected;
}
