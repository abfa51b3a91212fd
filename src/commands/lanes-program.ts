import type { Command } from 'commander';
import type { LanesCommand } from './lanes.ts';

/** Adds `mdp lanes` with its commands; `withConfig` adds the options that all commands have. */
export function addLanes(program: Command, withConfig: (command: Command) => Command): void {
  const lanes = program.command('lanes').description('what the database knows of each lane; rename one, hand its bars over');

  withConfig(lanes.command('list'))
    .description('every lane of the database: generation, log, what is settled, checkpoint')
    .option('--count', 'count the stored bars of each: reads the whole table')
    .option('--json', 'as JSON')
    .action(async (options: LanesCommand & { count?: true; json?: true }) => {
      const { showLanes } = await import('./lanes.ts');
      await showLanes(options);
    });

  withConfig(lanes.command('rename')).argument('<from>', 'its name').argument('<to>', 'its new name: pipeline/source')
    .description('give a lane another name, and with it all that it has stored')
    .action(async (from: string, to: string, options: LanesCommand) => {
      const { renameStoredLane } = await import('./lanes.ts');
      await renameStoredLane(from, to, options);
    });

  withConfig(lanes.command('hand-over')).argument('<from>', 'the lane that has them')
    .argument('<to>', 'the lane that gets them; it is made where it is not there')
    .description('give the bars of a lane from a time on to another lane')
    .requiredOption('--at <time>', 'a boundary of every bar spec: ISO 8601 or ms since 1970 UTC')
    .action(async (from: string, to: string, options: LanesCommand & { at: string }) => {
      const { handOverStoredLane } = await import('./lanes.ts');
      await handOverStoredLane(from, to, options);
    });

  withConfig(lanes.command('adopt')).argument('<topic>', 'a topic that has got more partitions')
    .description('let partitions be read that were added to a topic; its lanes take their next generation')
    .action(async (topic: string, options: LanesCommand) => {
      const { adoptTopic } = await import('./lanes.ts');
      await adoptTopic(topic, options);
    });
}
