import Dialog from '@mui/material/Dialog';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import type { ApiSymbol } from '../api.ts';
import { useSymbols } from '../asked.ts';
import { addressOf, goTo, usePlace } from '../places.ts';

/** A screen of them; who wants others types more. */
const shownMax = 12;

/** Typed letters stand in this order in `VENUE:SYMBOL`; the better it begins, the further up. */
function found(symbols: readonly ApiSymbol[], typed: string): readonly ApiSymbol[] {
  const wanted = typed.trim().toLowerCase();
  const scored = symbols.flatMap((entry) => {
    const score = scoreOf(entry, wanted);
    return score === null ? [] : [{ entry, score }];
  });
  return scored.sort((one, other) => one.score - other.score).slice(0, shownMax).map(({ entry }) => entry);
}

function scoreOf({ venue, symbol }: ApiSymbol, wanted: string): number | null {
  const name = symbol.toLowerCase();
  if (name.startsWith(wanted)) return 0;
  if (name.includes(wanted)) return 1;
  return `${venue} ${symbol}`.toLowerCase().includes(wanted) ? 2 : null;
}

export function SymbolSearch({ onClose }: { readonly onClose: () => void }) {
  const { answer, fault } = useSymbols();
  const { tab, rest } = usePlace();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const list = found(answer ?? [], typed);
  const take = ({ venue, symbol, specs }: ApiSymbol): void => {
    // Who looks at one instrument goes on looking at the other in the same way.
    const to = tab === 'volume' ? 'volume' : 'trading';
    const spec = tab === to && rest[2] !== undefined ? rest[2] : specs.find((name) => name === '1m') ?? specs[0];
    goTo(addressOf(to, spec === undefined ? [venue, symbol] : [venue, symbol, spec]));
    onClose();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && list[at] !== undefined) take(list[at]);
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, list.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth className="symbol-search" aria-label="Find a symbol">
      <input
        autoFocus placeholder="Symbol or venue" value={typed} role="combobox" aria-expanded aria-label="Symbol or venue"
        aria-controls="symbols-found" aria-activedescendant={list[at] === undefined ? undefined : `found-${at}`}
        onKeyDown={press} onChange={(event) => { setTyped(event.target.value); setAt(0); }} />
      <ul id="symbols-found" role="listbox" aria-label="Symbols">
        {list.map((entry, index) => (
          <li key={`${entry.venue}\n${entry.symbol}`} id={`found-${index}`} role="option" aria-selected={index === at}
            onClick={() => take(entry)} onPointerMove={() => setAt(index)}
          >
            <b>{entry.symbol}</b><span>{entry.venue}</span>
          </li>
        ))}
      </ul>
      {list.length > 0 ? null : (
        <p className="quiet">{fault ?? (answer === null ? 'Asking …' : emptyWords(answer, typed))}</p>
      )}
    </Dialog>
  );
}

function emptyWords(symbols: readonly ApiSymbol[], typed: string): string {
  if (symbols.length === 0) return 'No instrument has bars yet. They come with the first closed bar.';
  return `No symbol has “${typed}” in it. There are ${symbols.length}.`;
}
