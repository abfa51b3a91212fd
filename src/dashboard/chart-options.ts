import { ColorType, CrosshairMode, TickMarkType } from 'lightweight-charts';
import type { ChartOptions, DeepPartial, Time, UTCTimestamp } from 'lightweight-charts';
import { faded } from './colours.ts';
import type { Colours } from './colours.ts';
import { timeText } from './format.ts';

/** As the charts take them: whole seconds, or fractions where bars are shorter. */
export const secondsOf = (ms: number): UTCTimestamp => ms / 1_000 as UTCTimestamp;

/** How every chart over time looks: in the colours of the page, with times of a zone (for Intl). */
export function chartOptions(colours: Colours, zone: string | undefined) {
  return {
    layout: {
      background: { type: ColorType.Solid, color: colours.panel }, textColor: colours.quiet, fontSize: 11,
      attributionLogo: false, fontFamily: 'Inter, system-ui, sans-serif',
      panes: { separatorColor: colours.line, separatorHoverColor: faded(colours.accent, 0.2), enableResize: true },
    },
    grid: { vertLines: { color: faded(colours.line, 0.5) }, horzLines: { color: faded(colours.line, 0.5) } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: faded(colours.quiet, 0.6), labelBackgroundColor: colours.raised },
      horzLine: { color: faded(colours.quiet, 0.6), labelBackgroundColor: colours.raised },
    },
    rightPriceScale: { borderColor: colours.line, scaleMargins: { top: 0.1, bottom: 0.06 } },
    timeScale: {
      borderColor: colours.line, timeVisible: true, rightOffset: 6,
      tickMarkFormatter: (time: Time, type: TickMarkType) => tickText(Number(time) * 1_000, type, zone),
    },
    localization: { timeFormatter: (time: Time) => timeText(Number(time) * 1_000, zone) },
  } as const satisfies DeepPartial<ChartOptions>;
}

function tickText(timeMs: number, type: TickMarkType, zone: string | undefined): string {
  if (type === TickMarkType.Time) return timeText(timeMs, zone, 'minute');
  if (type === TickMarkType.TimeWithSeconds) return timeText(timeMs, zone, 'time');
  const day = timeText(timeMs, zone, 'day');
  return type === TickMarkType.Year ? day.slice(0, 4) : type === TickMarkType.Month ? day.slice(0, 7) : day.slice(5);
}
