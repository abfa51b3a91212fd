import { useAsked } from '../../asked.ts';
import { ageText, arrows, directionOf, signed } from '../../format.ts';
import { instrumentId } from '../../instrument-id.ts';
import { useMarkAge } from '../../mark-age.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useInstrumentChoice } from '../../parts/instrument-field.tsx';
import { useSession } from '../../session.tsx';
import { useEverySecond } from '../../ticker.ts';
import { listPositions, usePositionsTurn } from '../../watch/position-api.ts';
import type { ApiPosition } from '../../watch/position-api.ts';
import { AddRow } from './add-row.tsx';
import { useMarks } from './marks.ts';
import './portfolio.css';
import { moneyDigits, moneyText, PositionRow } from './position-row.tsx';
import { totalOf } from './profit.ts';
import type { Total } from './profit.ts';

const noPositions: readonly ApiPosition[] = [];

/** What somebody holds on paper, at the prices of now. */
export function Tab() {
  const { api } = useSession();
  const { answer, fault } = useAsked('portfolio', (signal) => listPositions(api, signal), usePositionsTurn());
  const instruments = useInstrumentChoice();
  const positions = answer ?? noPositions;
  const marks = useMarks(positions);
  return (
    <div className="portfolio">
      <h1 className="unseen">Portfolio</h1>
      <Totals total={answer === null ? notKnown : totalOf(positions, marks)} />
      <section className="panel positions" aria-label="Positions">
        <AddRow instruments={instruments} />
        {answer === null ? <Waiting fault={fault} /> : null}
        {answer?.length === 0 ? <NoPositions /> : null}
        {positions.length > 0 ? (
          <div className="position-rows" role="table" aria-label="Positions" tabIndex={0}>
            <Heading />
            {positions.map((position) => (
              <PositionRow key={position.id} position={position} mark={marks.get(instrumentId(position))} />
            ))}
          </div>
        ) : null}
      </section>
    </div>
  );
}

/** While positions are asked for: nobody holds nothing only because nobody has answered yet. */
const notKnown: Total = {
  amount: NaN, percent: null, value: NaN, cost: 0, long: NaN, short: NaN, marked: NaN, positions: NaN, oldestMs: undefined,
};

function Totals({ total }: { readonly total: Total }) {
  const { amount, percent, value, cost, long, short, marked, positions } = total;
  const digits = moneyDigits(cost);
  const direction = directionOf(amount, 0);
  const age = useMarkAge(total.oldestMs);
  return (
    <section className="panel totals" aria-label="Total"
      title="Sums over all positions, as if all were quoted in one currency."
    >
      <div className="total-profit">
        <h2>Profit and loss</h2>
        <p className={`${direction} ${age}`}>
          <i className="arrow">{arrows[direction]}</i> <b>{signed(amount, digits)}</b>{' '}
          <span>{signed(percent, 2)}{percent === null ? '' : ' %'}</span>
        </p>
      </div>
      <dl>
        <div><dt>Value</dt><dd>{moneyText(value, digits)}</dd></div>
        <div><dt>Long</dt><dd>{moneyText(long, digits)}</dd></div>
        <div><dt>Short</dt><dd>{moneyText(short, digits)}</dd></div>
        <div><dt>Positions</dt><dd>{positionsText(marked, positions)}</dd></div>
        <OldestMark oldestMs={total.oldestMs} />
      </dl>
    </section>
  );
}

function positionsText(marked: number, positions: number): string {
  if (Number.isNaN(positions)) return '–';
  return marked === positions ? String(positions) : `${marked} of ${positions} have a price`;
}

function OldestMark({ oldestMs }: { readonly oldestMs: number | undefined }) {
  const age = useMarkAge(oldestMs);
  const text = useEverySecond((nowMs) => (oldestMs === undefined ? '–' : ageText(Math.max(0, nowMs - oldestMs))));
  return <div><dt>Oldest price</dt><dd className={age === 'stale' ? 'look' : ''}>{text}</dd></div>;
}

function Heading() {
  return (
    <div className="position-row position-heading" role="row">
      <span role="columnheader">Symbol</span>
      <span role="columnheader">Side</span>
      <span role="columnheader" className="number">Size</span>
      <span role="columnheader" className="number">Entry</span>
      <span role="columnheader" className="number">Last</span>
      <span role="columnheader" className="number">Value</span>
      <span role="columnheader" className="number">Profit</span>
      <span role="columnheader" className="number">Profit, %</span>
      <span role="columnheader" className="number">Age</span>
      <span role="columnheader">Entered</span>
      <span role="columnheader">Note</span>
      <span role="columnheader"><span className="unseen">What can be done</span></span>
    </div>
  );
}

function Waiting({ fault }: { readonly fault: string | null }) {
  if (fault !== null) return <EmptyState title="The positions did not come">{fault}</EmptyState>;
  return (
    <div className="position-skeleton" role="status" aria-label="Loading">
      {Array.from({ length: 5 }, (_, index) => <i key={index} />)}
    </div>
  );
}

function NoPositions() {
  return (
    <EmptyState title="No position is written down yet">
      Write one here: what, how much (less than 0 where it was sold short), and at which price. It is kept on the server and
      marked with every trade. Nothing is ordered anywhere.
    </EmptyState>
  );
}
