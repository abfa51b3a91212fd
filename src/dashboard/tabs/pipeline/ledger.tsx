import { Fragment } from 'react';
import { count } from '../../format.ts';
import { imbalanceOf } from './rates.ts';
import type { Ledger, Term } from './rates.ts';

/** An equation that holds at every moment, with every term of it: what came in is somewhere. */
export function LedgerPanel({ ledger }: { readonly ledger: Ledger }) {
  const imbalance = imbalanceOf(ledger);
  return (
    <section className="panel ledger" aria-label={`${ledger.title}: ledger`}>
      <h2>{ledger.title} <span className={imbalance === 0 ? 'quiet' : 'act'}>
        {imbalance === 0 ? 'balanced: nothing was lost in silence' : `off by ${count(imbalance)}: see “ledger” in docs/troubleshooting.md`}
      </span></h2>
      <p className="equation">
        <Side terms={ledger.left} />
        <span className="sign">{imbalance === 0 ? '=' : '≠'}</span>
        <Side terms={ledger.right} />
      </p>
      <Parts terms={ledger.right} />
    </section>
  );
}

function Side({ terms }: { readonly terms: readonly Term[] }) {
  return terms.map(({ name, value }, index) => (
    <Fragment key={name}>
      {index === 0 ? null : <span className="sign">+</span>}
      <span className={`term ${value === 0 ? 'none' : ''}`}><b>{count(value)}</b> <small>{name}</small></span>
    </Fragment>
  ));
}

/** What was turned away or dropped, by its reason. */
function Parts({ terms }: { readonly terms: readonly Term[] }) {
  const known = terms.flatMap(({ name, parts }) => parts.filter(([, value]) => value > 0).map(([reason, value]) => ({ name, reason, value })));
  if (known.length === 0) return null;
  return (
    <ul className="parts">
      {known.map(({ name, reason, value }) => <li key={`${name} ${reason}`}><span>{name}: {reason}</span> <b>{count(value)}</b></li>)}
    </ul>
  );
}
