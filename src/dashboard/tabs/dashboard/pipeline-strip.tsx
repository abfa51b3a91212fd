import type { ReactNode } from 'react';
import type { StreamHealth } from '../../../model/stream.ts';
import { count, durationText, quantity } from '../../format.ts';
import { useLastHealth } from '../../last-health.ts';
import { addressOf, follow } from '../../places.ts';

const signs = { healthy: '●', degraded: '▲', unhealthy: '■' } as const;
const weights = { healthy: 'good', degraded: 'look', unhealthy: 'act' } as const;

/** What goes through the pipeline, and whether all of it is accounted for. Every number leads to where it comes from. */
export function PipelineStrip() {
  const { health, lost } = useLastHealth();
  const words = lost ?? wordsOf(health);
  return (
    <section className={`panel strip ${lost === null ? '' : 'lost'}`} aria-label="Pipeline">
      <a className={`strip-verdict ${weightOf(health, lost)}`} href={addressOf('pipeline')} onClick={follow}>
        <span className="strip-sign">{lost !== null ? '○' : health === undefined ? '…' : signs[health.status]}</span>
        <span className={health?.problems.length === 0 ? 'strip-words' : 'strip-words wrapped'}>
          <b>{lost === null ? health?.status ?? 'asking' : 'not known'}</b>{' '}
          <span title={words}>{words}</span>
        </span>
      </a>
      <Cells health={health} />
    </section>
  );
}

function weightOf(health: StreamHealth | undefined, lost: string | null): string {
  if (lost !== null) return 'look';
  return health === undefined ? 'quiet' : weights[health.status];
}

function wordsOf(health: StreamHealth | undefined): string {
  if (health === undefined) return 'Health comes with the stream.';
  const [worst, ...others] = health.problems;
  if (worst === undefined) return 'Every part does its work.';
  return `${worst.part}: ${worst.message}${others.length === 0 ? '' : ` And ${others.length} more.`}`;
}

function Cells({ health }: { readonly health: StreamHealth | undefined }) {
  const of = <T,>(read: (from: StreamHealth) => T): T | undefined => (health === undefined ? undefined : read(health));
  return (
    <dl className="strip-cells">
      <Cell label="Ticks in, /s">{of((one) => quantity(Math.round(one.ticks_per_second)))}</Cell>
      <Cell label="Bars out, /s">{of((one) => quantity(one.bars_per_second))}</Cell>
      <Cell label="Rows stored, /s">{of((one) => quantity(one.rows_committed_per_second))}</Cell>
      <Cell label="Op queue" weight={of(({ op_queue: queue }) => queueWeight(queue))}>
        {of(({ op_queue: queue }) => fill(queue))}
      </Cell>
      <Cell label="Sink queue" weight={of(({ sink_queue: queue }) => queueWeight(queue))}>
        {of(({ sink_queue: queue }) => fill(queue))}
      </Cell>
      <Cell label="Lag, records">{of(({ lag }) => (lag === null ? '–' : quantity(lag)))}</Cell>
      <Cell label="Watermark lag">
        {of(({ watermark_lag_ms: lagMs }) => (lagMs === null ? '–' : durationText(lagMs)))}
      </Cell>
      <Cell label="Late · dropped" weight={of(({ dropped }) => (dropped > 0 ? 'look' : ''))}>
        {of(({ late, dropped }) => `${quantity(late)} · ${quantity(dropped)}`)}
      </Cell>
      <Cell label="Tick ledger" weight={of((one) => balance(one.ticks_imbalance).weight)}>
        {of((one) => balance(one.ticks_imbalance).words)}
      </Cell>
      <Cell label="Row ledger" weight={of((one) => balance(one.rows_imbalance).weight)}>
        {of((one) => balance(one.rows_imbalance).words)}
      </Cell>
    </dl>
  );
}

interface CellProps {
  readonly label: string;
  readonly weight?: string | undefined;
  readonly children: ReactNode;
}

function Cell({ label, weight = '', children }: CellProps) {
  return <div><dt>{label}</dt><dd className={weight}>{children ?? '–'}</dd></div>;
}

type Queue = StreamHealth['op_queue'];

function fill({ depth, capacity }: Queue): string {
  return `${count(depth)} / ${count(capacity)}`;
}

/** A queue that is nearly full holds up what stands before it. */
function queueWeight({ depth, capacity, dropped }: Queue): string {
  return dropped > 0 || (capacity > 0 && depth / capacity > 0.8) ? 'look' : '';
}

/** All that came in is either in a bar or counted with a reason; anything else is a fault of ours. */
function balance(imbalance: number): { readonly words: string; readonly weight: string } {
  if (imbalance === 0) return { words: 'balanced', weight: '' };
  return { words: `off by ${count(Math.abs(imbalance))}`, weight: 'act' };
}
