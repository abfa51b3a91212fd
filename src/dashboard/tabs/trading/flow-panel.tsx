import { sidesOf } from '../../bars.ts';
import type { Bar, Sides } from '../../bars.ts';
import { quantity, signed } from '../../format.ts';

/** Who was the aggressor: in the newest bar, and in the last of them. */
export interface Flow {
  readonly newest: Sides;
  readonly recent: Sides;
  readonly recentBars: number;
}

const recentBarsMax = 20;

export function flowOf(bars: readonly Bar[]): Flow {
  const recent = bars.slice(-recentBarsMax);
  return { newest: sidesOf(bars.slice(-1)), recent: sidesOf(recent), recentBars: recent.length };
}

export function FlowPanel({ flow, spec }: { readonly flow: Flow | null; readonly spec: string }) {
  return (
    <section className="panel flow-panel" aria-label="Buyers and sellers">
      <FlowRow label={`This ${spec} bar`} side={flow?.newest} />
      <FlowRow label={`Last ${flow?.recentBars ?? recentBarsMax} bars`} side={flow?.recent} />
    </section>
  );
}

function FlowRow({ label, side }: { readonly label: string; readonly side: Sides | undefined }) {
  const { buy = 0, sell = 0, unknown = 0 } = side ?? {};
  const delta = buy - sell;
  const share = buy + sell === 0 ? null : delta / (buy + sell) * 100;
  return (
    <div>
      <p className="flow-words quiet"><span>{label}</span><span>Δ {share === null ? '–' : `${signed(share, 0)} %`}</span></p>
      <div className="flow-bar" aria-hidden="true">
        <i className="bought" style={{ flexGrow: buy }} />
        <i style={{ flexGrow: unknown }} />
        <i className="sold" style={{ flexGrow: sell }} />
      </div>
      <p className="flow-words">
        <span className="up">buy {quantity(side?.buy)}</span><span className="down">sell {quantity(side?.sell)}</span>
      </p>
    </div>
  );
}
