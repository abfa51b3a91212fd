import { InvalidArgumentError, Option, type Command } from 'commander';
import { eventTimeUnits } from '../sources/scan/event-time.ts';
import type { ProduceCommand } from './produce.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Adds `mdp produce`. Its --file are trades, so that the configuration has another name here. */
export function addProduce(program: Command): void {
  program.command('produce')
    .description('write the trades of files to a topic of Kafka, a JSON message a tick, with the symbol as key')
    .addOption(new Option('--file <path>', 'trades, CSV or NDJSON, plain, .gz or .zst; a glob; may be repeated')
      .makeOptionMandatory().argParser((value: string, before?: readonly string[]) => collect(value, before ?? [])))
    .requiredOption('--topic <name>', 'where they go')
    .option('--rate <number>', 'ticks a second; as fast as the brokers take them unless given', positive)
    .option('--source <name>', 'read the trades as this replay source of the configuration reads its own')
    .option('--venue <name>', 'venue of ticks whose record names none; without it their messages name none either')
    .option('--symbol <name>', 'symbol of ticks whose record names none')
    .addOption(new Option('--format <format>', 'format of the files, where their names do not tell it')
      .choices(['csv', 'ndjson']))
    .addOption(new Option('--field <ours=theirs>', 'a name in the files that differs from ours; may be repeated')
      .default([]).argParser(collect))
    .addOption(new Option('--event-time-unit <unit>', 'unit of the event time in the files').choices(eventTimeUnits))
    .addOption(new Option('--ids <kind>', 'trade ids in the files').choices(['monotone', 'unique', 'absent']))
    .option('--wait <seconds>', 'how long brokers that are away are waited for', positive, 60)
    .addOption(new Option('--config-file <path>', 'configuration file').default('config.yaml'))
    .addOption(new Option('--config <path>', 'overlay on it; may be repeated').default([]).argParser(collect))
    .addOption(new Option('--set <key=value>', 'one setting; may be repeated').default([]).argParser(collect))
    .action(async (options: ProduceCommand) => {
      const { produce } = await import('./produce.ts');
      await produce(options);
    });
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}
