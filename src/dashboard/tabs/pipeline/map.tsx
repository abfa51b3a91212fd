import type { ReactNode } from 'react';
import type { PipelineStatus } from '../../../model/status.ts';
import { sumOf } from '../../../model/status.ts';
import { ageText, count, durationText, quantity } from '../../format.ts';
import { flowOf } from './rates.ts';
import type { QueueSum } from './rates.ts';

interface Props {
  readonly now: PipelineStatus;
  readonly before: PipelineStatus | null;
}

/**
 * The path of a tick, from the left to the right, and upright on a phone: a box is a loop, an arrow is a bounded queue, what
 * moves is a batch.
 */
export function PipelineMap(props: Props) {
  return <><Path {...props} /><Branches now={props.now} /></>;
}

/** What else leaves the operators. */
function Branches({ now: { lanes, nowMs } }: Pick<Props, 'now'>) {
  const checkpoints = lanes.map(({ checkpoint }) => checkpoint);
  const written = checkpoints.flatMap(({ writtenAtMs }) => writtenAtMs ?? []);
  const total = checkpoints.reduce((sum, one) => sum + one.written, 0);
  const failed = checkpoints.reduce((sum, one) => sum + one.failed, 0);
  const everyMs = checkpoints[0]?.intervalMs;
  return (
    <ul className="map-branches" aria-label="What else leaves the operators">
      <li>
        <b>Checkpoints</b> {everyMs === undefined ? 'come with the first lane' : `every ${durationText(everyMs)}, behind their rows`}:{' '}
        {count(total)} written{written.length === 0 ? '' : `, the oldest ${agoText(nowMs - Math.min(...written))}`}
        {failed === 0 ? '' : <span className="look">, {count(failed)} failed</span>}
      </li>
      <li><b>Live hub</b> to the stream, the alerts and this page: forming bars, trades and prices as they are folded</li>
    </ul>
  );
}

function Path({ now, before }: Props) {
  const flow = flowOf(now, before);
  const { ticks, rows, sink, sources } = now;
  const turnedAway = ticks.duplicate + ticks.late + ticks.excluded + sumOf(ticks.rejected);
  const troubled = sources.filter(({ problem, state }) => problem !== null || state === 'failed');
  return (
    <ol className="map" aria-label="The path of a tick">
      <Box title={sources.length === 1 ? 'Source' : 'Sources'} weight={troubled.length > 0 ? 'look' : ''}
        lines={statesOf(sources.map(({ state }) => state))} />
      <Arrow rate={flow.received} unit="ticks/s" />
      <Queue title="Op queue" of={flow.op} />
      <Box title="Admission" lines={[['admitted', count(ticks.aggregated)], ['turned away', count(turnedAway)], ['held', count(ticks.held)]]} />
      <Arrow rate={flow.aggregated} unit="ticks/s" />
      <Box title="Operators" lines={[['lanes', count(now.lanes.length)], ['open bars', count(openBarsOf(now))]]} />
      <Arrow rate={flow.emitted} unit="rows/s" />
      <Queue title="Sink queue" of={flow.sink} />
      <Box title="Workers" weight={sink.breaker === 'closed' && sink.problem === null ? '' : 'look'} lines={[
        ['busy', `${sink.workersBusy} of ${sink.workers}`], ['breaker', sink.breaker], ['failed', count(sumOf(sink.batchesFailed))],
      ]} />
      <Arrow rate={flow.committed} unit="rows/s" />
      <Box title={storeTitles[now.store.kind]} weight={now.store.kind === 'unknown' ? 'look' : ''} lines={[
        ['rows stored', quantity(rows.committed)],
        ['last commit', sink.lastCommitAtMs === null ? 'none yet' : agoText(now.nowMs - sink.lastCommitAtMs)],
      ]} />
    </ol>
  );
}

const storeTitles: Readonly<Record<PipelineStatus['store']['kind'], string>> = {
  timescaledb: 'TimescaleDB', 'timescaledb-apache': 'TimescaleDB', postgresql: 'PostgreSQL', unknown: 'Database',
};

function agoText(ageMs: number): string {
  const age = ageText(ageMs);
  return age === 'now' ? age : `${age} ago`;
}

/** How many are in each state. */
function statesOf(states: readonly string[]): readonly (readonly [string, string])[] {
  return [...new Set(states)].map((state) => [state, count(states.filter((one) => one === state).length)]);
}

function openBarsOf({ lanes }: PipelineStatus): number {
  return lanes.reduce((sum, { openBars }) => sum + openBars, 0);
}

interface BoxProps {
  readonly title: string;
  readonly weight?: string;
  readonly lines: readonly (readonly [string, ReactNode])[];
}

function Box({ title, weight = '', lines }: BoxProps) {
  return (
    <li className={`map-box ${weight}`}>
      <h3>{title}</h3>
      <dl>{lines.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
    </li>
  );
}

function Arrow({ rate, unit }: { readonly rate: number | null; readonly unit: string }) {
  return (
    <li className={`map-arrow ${rate !== null && rate > 0 ? 'flowing' : ''}`}>
      <b>{rate === null ? '–' : quantity(rate < 10 ? rate : Math.round(rate))}</b>
      <i aria-hidden="true" />
      <span>{unit}</span>
    </li>
  );
}

/** How full is too full for the bar to stay grey. */
const nearlyFull = 0.8;

function Queue({ title, of }: { readonly title: string; readonly of: QueueSum }) {
  const share = of.capacity === 0 ? 0 : of.depth / of.capacity;
  const weight = of.dropped > 0 || share > nearlyFull ? 'look' : '';
  return (
    <li className={`map-box map-queue ${weight}`}>
      <h3>{title}</h3>
      <div className="map-fill" role="img" aria-label={`${Math.round(100 * share)} per cent full, at most ${Math.round(100 * of.highWaterShare)}`}>
        <i style={{ width: `${Math.min(100, 100 * share)}%` }} />
        <u style={{ left: `${Math.min(100, 100 * of.highWaterShare)}%` }} />
      </div>
      <dl>
        <div><dt>batches</dt><dd>{count(of.depth)} / {count(of.capacity)}</dd></div>
        <div><dt>high water</dt><dd>{Math.round(100 * of.highWaterShare)} %</dd></div>
        <div><dt>dropped</dt><dd>{count(of.dropped)}</dd></div>
      </dl>
    </li>
  );
}
