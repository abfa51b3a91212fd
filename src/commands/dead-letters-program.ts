import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FilterOptions, LettersCommand } from './dead-letters.ts';
import type { ReplayCommand } from './replay-dead-letters.ts';

/** Adds `mdp dead-letters` with its commands; `withConfig` adds the options that all commands have. */
export function addDeadLetters(program: Command, withConfig: (command: Command) => Command): void {
  const letters = program.command('dead-letters').description('records and rows that could not be used: look, replay, drop');

  withFilter(withConfig(letters.command('list')))
    .description('how many there are of each kind, and the newest of them')
    .option('--limit <count>', 'letters to show', wholeNumber, 50)
    .option('--json', 'as JSON')
    .action(async (options: LettersCommand & FilterOptions & { limit: number; json?: true }) => {
      const { listDeadLetters } = await import('./dead-letters.ts');
      await listDeadLetters(options);
    });

  withConfig(letters.command('show')).argument('<key>', 'as list shows it')
    .description('all of one letter, with its bytes')
    .option('--json', 'as JSON')
    .action(async (key: string, options: LettersCommand & { json?: true }) => {
      const { showDeadLetter } = await import('./dead-letters.ts');
      await showDeadLetter(key, options);
    });

  withFilter(withConfig(letters.command('replay'))).argument('[keys...]', 'as list shows them')
    .description('write rows again; put records at the end of their log as new ones')
    .option('--fixed <path>', 'a corrected record in place of the original, with one key; - is standard input')
    .option('--force', 'also what was refused too often, and what would be rejected again')
    .option('--limit <count>', 'letters that one call takes of a filter', wholeNumber, 1_000)
    .option('--yes', 'do it; with a filter it is only shown otherwise')
    .action(async (keys: readonly string[], options: ReplayCommand) => {
      const { replayDeadLetters } = await import('./replay-dead-letters.ts');
      await replayDeadLetters(keys, options);
    });

  withFilter(withConfig(letters.command('drop'))).argument('[keys...]', 'as list shows them')
    .description('delete letters')
    .option('--yes', 'do it; with a filter it is only shown otherwise')
    .action(async (keys: readonly string[], options: LettersCommand & FilterOptions & { yes?: true }) => {
      const { dropDeadLetters } = await import('./dead-letters.ts');
      await dropDeadLetters(keys, options);
    });
}

function withFilter(command: Command): Command {
  return command
    .option('--lane <name>', 'of this lane, with the name of its pipeline or without')
    .addOption(new Option('--origin <origin>', 'records of a log, or rows that the database refused')
      .choices(['tick', 'row']))
    .option('--reason <reason>', 'of this reason')
    .option('--since <time>', 'last seen since then: ISO 8601, or a while ago (30s, 15m, 2h, 7d)');
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
}
