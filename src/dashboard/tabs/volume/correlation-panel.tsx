import type { ScatterValueType } from '@mui/x-charts/models';
import { ScatterChart } from '@mui/x-charts/ScatterChart';
import { useMemo } from 'react';
import type { Bar } from '../../bars.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { count, quantity, signed, timeText } from '../../format.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { smallAxis } from './axis.ts';
import { chanceBound, changesOf, correlation } from './measures.ts';
import type { Change } from './measures.ts';

interface Props {
  readonly bars: readonly Bar[];
  /** The newest so many changes are those of pv_correlation. */
  readonly period: number;
  readonly colours: Colours;
  readonly digits: number;
}

/** Each dot is a bar: how far its close and its volume are from those of the bar before. */
export function CorrelationPanel({ bars, period, colours, digits }: Props) {
  const changes = useMemo(() => changesOf(bars), [bars]);
  const all = useMemo(() => correlation(bars), [bars]);
  return (
    <section className="panel volume-correlation" aria-label="Price and volume">
      <h2>Price and volume <span className="quiet">changes from bar to bar, the last {period} bright</span></h2>
      {changes.length < 3 ? <p className="quiet">A relation needs four bars. They come when their windows end.</p> : (
        <>
          <p>r of all {count(changes.length)} changes is {signed(all, 2)}: {relationWords(all, changes.length)}.</p>
          <Drawn changes={changes} period={period} colours={colours} digits={digits} />
        </>
      )}
    </section>
  );
}

function signedQuantity(value: number): string {
  return quantity(value);
}

/** What r of n changes says. */
export function relationWords(r: number | null, n: number): string {
  if (r === null) return 'price or volume did not change';
  if (Math.abs(r) < chanceBound(n)) return 'no more than chance gives';
  const size = Math.abs(r) < 0.4 ? 'a little' : Math.abs(r) < 0.7 ? 'clearly' : 'strongly';
  return `${size} ${r > 0 ? 'together' : 'against each other'}`;
}

interface DrawnProps {
  readonly changes: readonly Change[];
  readonly period: number;
  readonly colours: Colours;
  readonly digits: number;
}

function Drawn({ changes, period, colours, digits }: DrawnProps) {
  const zone = zoneName(usePreferences());
  const point = (change: Change) => ({ x: change.price, y: change.volume, id: change.openMs });
  const words = (dot: ScatterValueType | null): string => (dot === null ? ''
    : `${timeText(Number(dot.id), zone)}: close ${signed(dot.x, digits)}, volume ${signed(dot.y, 2)}`);
  const shared = { valueFormatter: words };
  const [older, newest] = [changes.slice(0, -period), changes.slice(-period)];
  return (
    <figure className="volume-drawn" aria-label="Change of the close against change of the volume">
      <ScatterChart
        skipAnimation hideLegend margin={{ top: 6, right: 32, bottom: 0, left: 0 }}
        grid={{ horizontal: true, vertical: true }}
        series={[
          { ...shared, data: older.map(point), label: 'Before', color: faded(colours.quiet, 0.5), markerSize: 2 },
          { ...shared, data: newest.map(point), label: `Last ${period}`, color: colours.text, markerSize: 3 },
        ]}
        xAxis={[{
          ...smallAxis, height: 42, label: 'Change of the close', tickNumber: 5, tickMinStep: 10 ** -digits,
          valueFormatter: (value: number) => signed(value, digits),
        }]}
        yAxis={[{
          ...smallAxis, width: 58, label: 'Change of volume', tickNumber: 4,
          valueFormatter: (value: number) => signedQuantity(value),
        }]}
      />
    </figure>
  );
}
