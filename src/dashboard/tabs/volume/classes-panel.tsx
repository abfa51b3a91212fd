import { BarChart } from '@mui/x-charts/BarChart';
import { useMemo } from 'react';
import type { Bar } from '../../bars.ts';
import type { Colours } from '../../colours.ts';
import { arrows, count, decimal, directionOf, quantity, signed } from '../../format.ts';
import { classesOf } from './measures.ts';
import type { Bounds, ClassName, VolumeClass } from './measures.ts';

interface Props {
  readonly bars: readonly Bar[];
  readonly bounds: Bounds | null;
  readonly colours: Colours;
}

const titles: Readonly<Record<ClassName, string>> = { low: 'Low', medium: 'Medium', high: 'High' };

function boundsText(name: ClassName, { low, medium }: Bounds): string {
  return { low: `up to ${quantity(low)}`, medium: `up to ${quantity(medium)}`, high: `above ${quantity(medium)}` }[name];
}

/** Do prices move more when more is traded? Thirds of the bars by their volume. */
export function ClassesPanel({ bars, bounds, colours }: Props) {
  const classes = useMemo(() => (bounds === null ? [] : classesOf(bars, bounds).toReversed()), [bars, bounds]);
  return (
    <section className="panel volume-classes" aria-label="Classes of volume">
      <h2>Classes of volume <span className="quiet">thirds of {count(bars.length)} bars that have ended</span></h2>
      {bounds === null ? <p className="quiet">Classes need three bars. They come when their windows end.</p> : (
        <>
          <p>{words(classes)}</p>
          <ClassTable classes={classes} bounds={bounds} />
          <Drawn classes={classes} colours={colours} />
        </>
      )}
    </section>
  );
}

function words(classes: readonly VolumeClass[]): string {
  const [high, , low] = classes;
  if (high.meanSize === null || low.meanSize === null || low.meanSize === 0) return 'Too many bars have the same volume to compare high with low.';
  const times = high.meanSize / low.meanSize;
  if (times > 0.95 && times < 1.05) return 'Prices move as far in bars of high volume as in bars of low volume.';
  return `Prices move ${decimal(times, 1)} × as far in bars of high volume as in bars of low volume.`;
}

function ClassTable({ classes, bounds }: { readonly classes: readonly VolumeClass[]; readonly bounds: Bounds }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Class</th><th scope="col">Volume</th><th scope="col">Bars</th><th scope="col">Share of volume, %</th>
          <th scope="col">Up</th><th scope="col">Down</th><th scope="col">Mean move, %</th><th scope="col">Mean size, %</th>
        </tr>
      </thead>
      <tbody>
        {classes.map(({ name, bars, up, down, volumeShare, meanMove, meanSize }) => {
          const direction = directionOf(meanMove ?? 0, 0);
          return (
            <tr key={name}>
              <th scope="row"><i className={`class-mark ${name}`} />{titles[name]}</th><td>{boundsText(name, bounds)}</td><td>{count(bars)}</td>
              <td>{decimal(volumeShare * 100, 0)}</td><td>{count(up)}</td><td>{count(down)}</td>
              <td className={direction}>{arrows[direction]} {meanMove === null ? '–' : signed(meanMove * 100, 3)}</td>
              <td>{meanSize === null ? '–' : decimal(meanSize * 100, 3)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Of the bars of each class, which went up and which went down. */
function Drawn({ classes, colours }: { readonly classes: readonly VolumeClass[]; readonly colours: Colours }) {
  const flat = classes.map(({ bars, up, down }) => bars - up - down);
  const bars = (value: number | null): string => `${count(value ?? 0)} bars`;
  return (
    <div className="volume-drawn">
      <BarChart
        layout="horizontal" skipAnimation hideLegend margin={{ top: 2, right: 12, bottom: 0, left: 0 }} title="Bars of each class by direction"
        series={[
          { data: classes.map(({ up }) => up), label: '▲ up', stack: 'bars', color: colours.up, valueFormatter: bars },
          { data: flat, label: 'unchanged', stack: 'bars', color: colours.quiet, valueFormatter: bars },
          { data: classes.map(({ down }) => down), label: '▼ down', stack: 'bars', color: colours.down, valueFormatter: bars },
        ]}
        xAxis={[{ height: 20, tickNumber: 5, label: '' }]}
        yAxis={[{ scaleType: 'band', data: classes.map(({ name }) => titles[name]), width: 56, disableTicks: true, categoryGapRatio: 0.35, reverse: true }]}
      />
    </div>
  );
}
