import { useId, useState } from 'react';
import type { Channel } from '../../model/stream.ts';
import { useInstruments } from '../instruments.ts';
import type { Instrument } from '../instruments.ts';
import { useChannels } from '../session.tsx';
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

const none: readonly Instrument[] = [];
const nothing: readonly Channel[] = [];
const everything: readonly Channel[] = [{ channel: 'quotes' }];

/** What can be chosen. Where nothing is stored yet, what trades from now on. */
export function useInstrumentChoice(): readonly Instrument[] {
  const { list } = useInstruments();
  // Those that were stored when this was asked for are more than none: then nobody waits for their first trades.
  const isEmpty = list !== null && list.every(({ specs }) => specs.length === 0);
  useChannels(isEmpty ? everything : nothing);
  return list ?? none;
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
  const wanted = typed.trim().toLowerCase();
  const venues = instruments.filter(({ symbol }) => symbol.toLowerCase() === wanted).map(({ venue }) => venue);
  return venues.length > 1 ? `${venues.join(' and ')} have it: choose one of the list.`
    : 'No instrument with bars has this name.';
}

/** An instrument by typing: the browser lists what matches. */
export function InstrumentField({ label, fault, instruments, value, disabled = false, autoFocus = false, onValue }: Props) {
  const list = useId();
  const [isTyping, setTyping] = useState(false);
  // What has only just begun to trade is not stored yet: while somebody chooses, quotes tell of it.
  useChannels(isTyping ? everything : nothing);
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <>
          <input className="entry" {...attributes} list={list} value={value} disabled={disabled} autoFocus={autoFocus}
            onFocus={() => setTyping(true)} onBlur={() => setTyping(false)} autoComplete="off"
            autoCapitalize="characters" spellCheck={false} placeholder="Symbol"
            onChange={(event) => onValue(event.target.value)} />
          <datalist id={list}>
            {instruments.map((one) => <option key={instrumentText(one)} value={instrumentText(one)} />)}
          </datalist>
        </>
      )}
    </Field>
  );
}
