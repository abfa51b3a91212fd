import { Option, type Command } from 'commander';
import { MdpError } from '../errors.ts';
import type { VerifyCommand } from './verify.ts';

type VerifyOptions = Partial<VerifyCommand> & Pick<VerifyCommand, 'file' | 'config' | 'set' | 'trades' | 'spec' | 'fill'> & {
  readonly rebuild?: true;
};

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Adds `mdp verify`; `withConfig` adds the options that all commands have. */
export function addVerify(program: Command, withConfig: (command: Command) => Command): void {
  withConfig(program.command('verify')).argument('[sources...]', 'with --rebuild: these, and no other')
    .description('compare stored bars with a candle file, with a fresh fold of trade files, or with their own log')
    .addOption(new Option('--rebuild', 'fold the logs of sources again beside the live tables, and compare row by row')
      .conflicts(['venue', 'symbol', 'spec', 'candles', 'trades', 'source', 'fill']))
    .option('--venue <name>', 'venue of the bars')
    .option('--symbol <name>', 'symbol of the bars')
    .option('--spec <spec>', 'bar spec, such as 1m', '1m')
    .addOption(new Option('--candles <path>', 'CSV of candles, plain or .gz').conflicts('trades'))
    .addOption(new Option('--trades <path>', 'trades, CSV or NDJSON, plain, .gz or .zst; may be repeated')
      .default([]).argParser(collect))
    .option('--source <name>', 'read the trades as this replay source of the configuration reads its own')
    .addOption(new Option('--fill <how>', 'whether empty intervals are compared too')
      .choices(['none', 'carry']).default('none'))
    .option('--json', 'as JSON')
    .action(async (sources: readonly string[], options: VerifyOptions) => {
      if (options.rebuild === true) {
        const { verifyRebuild } = await import('./verify-rebuild.ts');
        return verifyRebuild(sources, options);
      }
      const { verifyStore } = await import('./verify.ts');
      await verifyStore(seriesOf(sources, options));
    });
}

/** Throws an MdpError `usage` where it is not said which bars are meant. */
function seriesOf(sources: readonly string[], options: VerifyOptions): VerifyCommand {
  const { venue, symbol } = options;
  if (sources.length > 0) {
    throw new MdpError('usage', `Sources (${sources.join(', ')}) are named with --rebuild only: ` +
      'mdp verify --rebuild SOURCE.');
  }
  if (venue === undefined || symbol === undefined) {
    throw new MdpError('usage', 'Say which bars: --venue NAME and --symbol NAME; or --rebuild for all that ' +
      'sources have told.');
  }
  return { ...options, venue, symbol };
}
