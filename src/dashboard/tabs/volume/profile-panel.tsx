import { BarChart } from '@mui/x-charts/BarChart';
import { ChartsReferenceLine } from '@mui/x-charts/ChartsReferenceLine';
import { useMemo } from 'react';
import type { Bar } from '../../bars.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { decimal, digitsOf, quantity } from '../../format.ts';
import { smallAxis } from './axis.ts';
import { profileOf, valueShare } from './profile.ts';
import type { Profile } from './profile.ts';

interface Props {
  readonly bars: readonly Bar[];
  readonly colours: Colours;
  readonly digits: number;
}

/** As many as can be told apart on a desktop. */
const rowsMax = 48;
/** Right of the longest row there is room for a word. */
const roomForMarks = 1.25;
/** So many prices can be read beside the rows. */
const labelsAbout = 9;

/** How much was traded at which price. */
export function ProfilePanel({ bars, colours, digits }: Props) {
  const profile = useMemo(() => profileOf(bars, { rowsMax, tick: 10 ** -digits }), [bars, digits]);
  return (
    <section className="panel volume-profile" aria-label="Volume by price">
      <h2>Volume by price <span className="quiet">{bars.length} bars</span></h2>
      {profile === null ? <p className="quiet">Nothing was traded in these bars: it begins with the first trade.</p> : (
        <>
          <Words profile={profile} last={bars.at(-1)!.close} digits={digits} />
          <Drawn profile={profile} last={bars.at(-1)!.close} colours={colours} digits={digits} />
          <p className="volume-note">Each bar’s volume is spread evenly from its low to its high.</p>
        </>
      )}
    </section>
  );
}

interface DrawnProps {
  readonly profile: Profile;
  readonly last: number;
  readonly digits: number;
}

function Words({ profile: { rows, control, valueFrom, valueUntil }, last, digits }: DrawnProps) {
  const step = rows[0].until - rows[0].from;
  const shown = Math.min(digits, digitsOf(Number(step.toPrecision(2))));
  const text = (price: number): string => decimal(price, shown);
  const [low, high] = [rows[valueFrom].from, rows[valueUntil].until];
  const where = last > high ? 'above it: ▲ out of value' : last < low ? 'below it: ▼ out of value' : 'inside it';
  return (
    <dl className="volume-facts">
      <div><dt>Point of control</dt><dd>{text(rows[control].from)} to {text(rows[control].until)}</dd></div>
      <div><dt>{valueShare * 100} % of the volume</dt><dd>{text(low)} to {text(high)}</dd></div>
      <div><dt>Last price</dt><dd>{decimal(last, digits)}, {where}</dd></div>
    </dl>
  );
}

function Drawn({ profile, last, colours, digits }: DrawnProps & { readonly colours: Colours }) {
  const { rows, control, valueFrom, valueUntil } = profile;
  const prices = rows.map(({ from }) => from);
  const step = rows[0].until - rows[0].from;
  const text = (price: number): string => decimal(price, digits);
  const colourOf = (at: number): string => {
    if (at === control) return colours.text;
    return at < valueFrom || at > valueUntil ? faded(colours.quiet, 0.4) : colours.quiet;
  };
  const lastRow = rows.findIndex(({ until }) => last < until);
  const lastFrom = prices[lastRow === -1 ? prices.length - 1 : lastRow];
  // Where both are in one row there is room for one of them; the words above tell the other.
  const marks = new Map([[lastFrom, '◂ last'], [prices[control], '◂ control']]);
  return (
    <figure className="volume-drawn" aria-label={`Volume by price in ${rows.length} rows`}>
      <BarChart
        layout="horizontal" hideLegend skipAnimation margin={{ top: 4, right: 8, bottom: 0, left: 0 }}
        series={[{ data: rows.map(({ volume }) => volume), label: 'Volume', valueFormatter: quantity }]}
        xAxis={[{
          ...smallAxis, height: 28, tickNumber: 4, max: rows[control].volume * roomForMarks,
          valueFormatter: (volume: number) => quantity(volume),
        }]}
        yAxis={[{
          ...smallAxis, scaleType: 'band', data: prices, width: 68, categoryGapRatio: 0.15, disableTicks: true,
          reverse: true,
          valueFormatter: (price: number, { location }) => (
            location === 'tick' ? text(price) : `${text(price)} to ${text(price + step)}`),
          tickLabelInterval: (_price: number, at: number) => at % Math.ceil(rows.length / labelsAbout) === 0,
          colorMap: {
            type: 'ordinal', values: prices,
            colors: prices.map((_, at) => colourOf(at)),
          },
        }]}
      >
        {[...marks].map(([price, label]) => (
          <ChartsReferenceLine key={price} y={price} label={label} labelAlign="end" spacing={{ x: 2, y: -12 }}
            lineStyle={{ stroke: 'none' }} labelStyle={{ fontSize: 11, fill: colours.text }} />
        ))}
      </BarChart>
    </figure>
  );
}
