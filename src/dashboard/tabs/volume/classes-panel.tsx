import { BarChart } from '@mui/x-charts/BarChart';
import { useMemo } from 'react';
import type { Bar } from '../../bars.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { arrows, count, decimal, directionOf, quantity, signed } from '../../format.ts';
import { smallAxis } from './axis.ts';
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
          <p className="volume-note">Move: mean change of the close from bar to bar. Distance: the same without its sign.</p>
        </>
      )}
    </section>
  );
}

function words([high, , low]: readonly VolumeClass[]): string {
  if (high.meanSize === null || low.meanSize === null) return 'Too many bars have the same volume to tell high from low.';
  if (high.meanSize === 0 && low.meanSize === 0) return 'The price did not move from bar to bar.';
  if (low.meanSize === 0) return 'Prices move with bars of high volume, and not with those of low volume.';
  const times = high.meanSize / low.meanSize;
  if (times > 0.95 && times < 1.05) return 'Prices move as far with high volume as with low volume.';
  return `Prices move ${decimal(times, 1)} × as far with high volume as with low volume.`;
}

function ClassTable({ classes, bounds }: { readonly classes: readonly VolumeClass[]; readonly bounds: Bounds }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Class</th><th scope="col">Volume</th><th scope="col">Bars</th><th scope="col">Of volume, %</th>
          <th scope="col" className="wide">Up</th><th scope="col" className="wide">Down</th>
          <th scope="col">Move, %</th><th scope="col">Distance, %</th>
        </tr>
      </thead>
      <tbody>
        {classes.map(({ name, bars, up, down, volumeShare, meanMove, meanSize }) => {
          // What is written as 0.000 has no direction.
          const direction = directionOf(Number(((meanMove ?? 0) * 100).toFixed(3)), 0);
          return (
            <tr key={name}>
              <th scope="row"><i className={`class-mark ${name}`} />{titles[name]}</th>
              <td>{boundsText(name, bounds)}</td><td>{count(bars)}</td><td>{decimal(volumeShare * 100, 0)}</td>
              <td className="wide">{count(up)}</td><td className="wide">{count(down)}</td>
              <td className={direction}>{arrows[direction]} {meanMove === null ? '–' : signed(meanMove * 100, 3)}</td>
              <td>{meanSize === null ? '–' : decimal(meanSize * 100, 3)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Of the bars of each class, how many closed above and below the bar before. */
function Drawn({ classes, colours }: { readonly classes: readonly VolumeClass[]; readonly colours: Colours }) {
  const shared = { stack: 'bars', valueFormatter: (value: number | null) => `${count(value ?? 0)} bars` };
  return (
    <figure className="volume-drawn" aria-label="Bars of each class that went up and down">
      <BarChart
        layout="horizontal" skipAnimation hideLegend margin={{ top: 2, right: 12, bottom: 0, left: 0 }}
        series={[
          { ...shared, data: classes.map(({ up }) => up), label: '▲ up', color: faded(colours.up, 0.8) },
          { ...shared, data: classes.map(({ bars, up, down }) => bars - up - down), label: 'same', color: colours.line },
          { ...shared, data: classes.map(({ down }) => down), label: '▼ down', color: faded(colours.down, 0.8) },
        ]}
        xAxis={[{
          ...smallAxis, height: 40, tickNumber: 5, domainLimit: 'strict',
          label: 'Bars that closed higher ▲, and lower ▼ behind them',
        }]}
        yAxis={[{
          ...smallAxis, scaleType: 'band', data: classes.map(({ name }) => titles[name]), width: 56, disableTicks: true,
          categoryGapRatio: 0.5,
        }]}
      />
    </figure>
  );
}
