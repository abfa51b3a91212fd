import type { Colours } from '../../colours.ts';

/* What can be drawn beside the bars, by the names that the pipeline gives its lines. */

export interface IndicatorLine {
  /** As /api/indicators and the stream name it. */
  readonly name: string;
  readonly title: string;
  /** Over the candles, or the name of a pane below them. */
  readonly pane: string;
  readonly hue: number;
  /** Levels that are drawn across. */
  readonly levels: readonly number[];
}

export interface IndicatorChoice {
  /** As indicators.specs has it, without its bar spec. */
  readonly name: string;
  readonly title: string;
  readonly lines: readonly IndicatorLine[];
}

const line = (name: string, title: string, hue: number): IndicatorLine => ({ name, title, pane: 'price', hue, levels: [] });
const single = (name: string, title: string, hue: number): IndicatorChoice =>
  ({ name, title, lines: [line(name, title, hue)] });
const below = (name: string, title: string, levels: readonly number[] = []): IndicatorChoice =>
  ({ name, title, lines: [{ name, title, pane: title, hue: 0, levels }] });

export const choices: readonly IndicatorChoice[] = [
  single('sma(20)', 'SMA 20', 0), single('sma(50)', 'SMA 50', 1), single('ema(20)', 'EMA 20', 2),
  single('ema(50)', 'EMA 50', 3),
  single('vwap()', 'VWAP', 4),
  {
    name: 'bollinger(20,2)', title: 'Bollinger 20, 2',
    lines: [
      line('bollinger(20,2).upper', 'Bollinger upper', 5), line('bollinger(20,2).middle', 'Bollinger middle', 5),
      line('bollinger(20,2).lower', 'Bollinger lower', 5),
    ],
  },
  below('rsi(14)', 'RSI 14', [30, 70]), below('atr(14)', 'ATR 14'),
  {
    name: 'macd(12,26,9)', title: 'MACD 12, 26, 9',
    lines: [
      { name: 'macd(12,26,9).macd', title: 'MACD', pane: 'MACD', hue: 0, levels: [0] },
      { name: 'macd(12,26,9).signal', title: 'Signal', pane: 'MACD', hue: 2, levels: [] },
    ],
  },
];

export const chosenAtFirst: readonly string[] = ['sma(20)', 'vwap()', 'bollinger(20,2)', 'rsi(14)'];

/** Muted: a line that was computed must not shout beside what was traded, and none of them means up or down. */
const hues = {
  dark: ['#8fb8de', '#c7a6e0', '#d8c17a', '#7fc4bd', '#dba1b6', '#7d8a99'],
  light: ['#3a6ea5', '#7a4fa3', '#8a6d10', '#1f7a72', '#a3436a', '#66727f'],
} as const;

export function colourOfLine({ hue }: IndicatorLine, { page }: Colours): string {
  return hues[page < '#8' ? 'dark' : 'light'][hue % hues.dark.length];
}
