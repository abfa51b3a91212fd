import Button from '@mui/material/Button';
import { useMemo, useState } from 'react';
import type { FormEvent } from 'react';
import type { Channel } from '../../../model/stream.ts';
import type { Instrument } from '../../instruments.ts';
import { newId } from '../../new-id.ts';
import { InputField, useFaultFocus } from '../../parts/field.tsx';
import { InstrumentField, instrumentFault, instrumentOf } from '../../parts/instrument-field.tsx';
import { useChannels, useLatest, useSession } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { createPosition } from '../../watch/position-api.ts';
import { emptyDraft, positionFaultsOf, writtenNumbers } from './position-draft.ts';
import type { PositionDraft, PositionFaults } from './position-draft.ts';

/** Writes a position down: Enter in any of its fields does. */
export function AddRow({ instruments }: { readonly instruments: readonly Instrument[] }) {
  const { api } = useSession();
  const [draft, setDraft] = useState<PositionDraft>(emptyDraft);
  const [id, setId] = useState(newId);
  const [faults, setFaults] = useState<PositionFaults>({});
  const [isSaving, setSaving] = useState(false);
  const form = useFaultFocus(faults);
  const instrument = instrumentOf(draft.instrument, instruments);
  const change = (changed: Partial<PositionDraft>): void => setDraft((before) => ({ ...before, ...changed }));
  const add = async (): Promise<void> => {
    const { numbers, faults: found } = writtenNumbers(draft);
    const symbol = instrumentFault(draft.instrument, instruments);
    if (instrument === null || numbers === null) return setFaults({ ...found, ...(symbol === undefined ? {} : { symbol }) });
    if (isSaving) return;
    setSaving(true);
    try {
      const { venue, symbol: name } = instrument;
      await createPosition(api, { venue, symbol: name, ...numbers, id });
      setDraft(emptyDraft);
      setFaults({});
      setId(newId());
      form.current?.querySelector('input')?.focus();
    } catch (error) {
      setFaults(positionFaultsOf(error));
    } finally {
      setSaving(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void add();
  };
  return (
    <form className="add-row" ref={form} onSubmit={submit} noValidate aria-label="A new position">
      <InstrumentField label="Instrument" value={draft.instrument} instruments={instruments} fault={faults.symbol}
        onValue={(value) => change({ instrument: value })} />
      <InputField label="Size" hint="less than 0: short" inputMode="text" value={draft.size} fault={faults.size}
        onValue={(size) => change({ size })} />
      <div className="entry-field">
        <InputField label="Entry" inputMode="decimal" value={draft.entry} fault={faults.entry_price}
          onValue={(entry) => change({ entry })} />
        <AtLast instrument={instrument} onTake={(entry) => change({ entry })} />
      </div>
      <InputField label="Note" hint="may stay empty" maxLength={1_000} value={draft.note} fault={faults.note}
        onValue={(note) => change({ note })} />
      <Button type="submit" variant="contained" aria-disabled={isSaving}>Add</Button>
      {faults.all === undefined ? null : <p className="field-fault" role="alert">{faults.all}</p>}
    </form>
  );
}

const none: readonly Channel[] = [];

interface AtLastProps {
  readonly instrument: Instrument | null;
  readonly onTake: (entry: string) => void;
}

/** The last price as the entry, by one click. */
function AtLast({ instrument, onTake }: AtLastProps) {
  const [venue, symbol] = [instrument?.venue, instrument?.symbol];
  const channels = useMemo((): readonly Channel[] => (
    venue === undefined || symbol === undefined ? none : [{ channel: 'quotes', venue, symbol }]), [venue, symbol]);
  useChannels(channels);
  const quote = useLatest(quoteKey({ venue: venue ?? '', symbol: symbol ?? '' }));
  if (quote === undefined) return null;
  return <button type="button" className="row-button" onClick={() => onTake(String(quote.price))}>at last</button>;
}
