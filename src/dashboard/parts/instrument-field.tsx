import { useId } from 'react';
import type { Instrument } from '../instruments.ts';
import { Field } from './field.tsx';

interface Props {
  readonly label: string;
  readonly fault?: string | undefined;
  readonly instruments: readonly Instrument[];
  readonly value: string;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  readonly onValue: (value: string) => void;
}

/** How an instrument is written where it can be typed: `XRPETH · binance`. */
export const instrumentText = ({ venue, symbol }: Pick<Instrument, 'venue' | 'symbol'>): string => `${symbol} · ${venue}`;

/** What was typed: all of it, or a symbol that only one venue has, in any case. */
export function instrumentOf(typed: string, instruments: readonly Instrument[]): Instrument | null {
  const wanted = typed.trim().toLowerCase();
  const exact = instruments.find((one) => instrumentText(one).toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const named = instruments.filter(({ symbol }) => symbol.toLowerCase() === wanted);
  return named.length === 1 ? named[0] : null;
}

/** Why what was typed is no instrument. */
export function instrumentFault(typed: string, instruments: readonly Instrument[]): string | undefined {
  if (instrumentOf(typed, instruments) !== null) return undefined;
  if (typed.trim() === '') return 'Type a symbol, or choose one of the list.';
  const venues = instruments.filter(({ symbol }) => symbol.toLowerCase() === typed.trim().toLowerCase()).map(({ venue }) => venue);
  return venues.length > 1 ? `${venues.join(' and ')} have it: choose one of the list.` : 'No instrument with bars has this name.';
}

/** An instrument by typing: the browser lists what matches. */
export function InstrumentField({ label, fault, instruments, value, disabled = false, autoFocus = false, onValue }: Props) {
  const list = useId();
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <>
          <input className="entry" {...attributes} list={list} value={value} disabled={disabled} autoFocus={autoFocus}
            autoComplete="off" autoCapitalize="characters" spellCheck={false} placeholder="Symbol"
            onChange={(event) => onValue(event.target.value)} />
          <datalist id={list}>{instruments.map((one) => <option key={instrumentText(one)} value={instrumentText(one)} />)}</datalist>
        </>
      )}
    </Field>
  );
}
