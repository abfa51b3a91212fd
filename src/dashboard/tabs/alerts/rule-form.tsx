import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import { useId, useState } from 'react';
import type { FormEvent } from 'react';
import { ApiError } from '../../api.ts';
import { wordsOf } from '../../asked.ts';
import { decimal, signed } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import type { Instrument } from '../../instruments.ts';
import { newId } from '../../new-id.ts';
import { numberOf } from '../../number-of.ts';
import { InputField, SelectField, useFaultFocus } from '../../parts/field.tsx';
import { InstrumentField, instrumentOf } from '../../parts/instrument-field.tsx';
import { useLatest, useSession } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { changeRule, createRule } from '../../watch/alert-api.ts';
import type { AlertCondition, ApiRule } from '../../watch/alert-api.ts';
import { draftOf, written } from './rule-draft.ts';
import type { RuleDraft, RuleFaults } from './rule-draft.ts';
import { conditionNames, distancePercent } from './rule-words.ts';

interface Props {
  /** Null: a new one. */
  readonly rule: ApiRule | null;
  readonly instruments: readonly Instrument[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

const specsUsual = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'];
const linesUsual = [
  'sma(20)', 'ema(50)', 'vwap()', 'bollinger(20,2).upper', 'bollinger(20,2).middle', 'bollinger(20,2).lower',
];

/** A rule to write or to change. What it is about stays what it is: another series is another rule. */
export function RuleForm({ rule, instruments, onClose, onSaved }: Props) {
  const { api } = useSession();
  const [draft, setDraft] = useState(() => draftOf(rule, instruments[0]));
  const [id] = useState(newId);
  const [faults, setFaults] = useState<RuleFaults & { readonly all?: string }>({});
  const [isSaving, setSaving] = useState(false);
  const change = (changed: Partial<RuleDraft>): void => setDraft((before) => ({ ...before, ...changed }));
  const save = async (): Promise<void> => {
    const made = written(draft, rule === null ? instruments : [...instruments, { ...rule, specs: [] }]);
    if (!('venue' in made)) return setFaults(made);
    if (isSaving) return;
    setSaving(true);
    try {
      const { venue, symbol, spec, ...terms } = made;
      if (rule === null) await createRule(api, { venue, symbol, spec, ...terms, muted: false, id });
      else await changeRule(api, rule.id, { ...terms, version: rule.version });
      onSaved();
      onClose();
    } catch (error) {
      setFaults(faultsOf(error));
    } finally {
      setSaving(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void save();
  };
  return (
    <Dialog open onClose={onClose} maxWidth="xs" fullWidth aria-labelledby="rule-title">
      <form ref={useFaultFocus(faults)} onSubmit={submit} noValidate>
        <DialogTitle id="rule-title">{rule === null ? 'New alert' : 'Change the alert'}</DialogTitle>
        <DialogContent className="rule-form">
          <Fields draft={draft} faults={faults} instruments={instruments} isNew={rule === null} onChange={change} />
          {faults.all === undefined ? null : <p className="field-fault" role="alert">{faults.all}</p>}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="contained" aria-disabled={isSaving}>{rule === null ? 'Create' : 'Save'}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const fieldNames = ['symbol', 'spec', 'condition', 'threshold', 'indicator', 'expires_at', 'note'];

/** What names a field stands beside it; the rest below all. */
function faultsOf(error: unknown): RuleFaults & { readonly all?: string } {
  const field = error instanceof ApiError && error.field !== null ? error.field.replace('venue', 'symbol') : '';
  return fieldNames.includes(field) ? { [field]: wordsOf(error) } : { all: wordsOf(error) };
}

interface FieldsProps {
  readonly draft: RuleDraft;
  readonly faults: RuleFaults;
  readonly instruments: readonly Instrument[];
  readonly isNew: boolean;
  readonly onChange: (changed: Partial<RuleDraft>) => void;
}

function Fields({ draft, faults, instruments, isNew, onChange }: FieldsProps) {
  const instrument = instrumentOf(draft.instrument, instruments);
  const stored = instrument === null || instrument.specs.length === 0 ? specsUsual : instrument.specs;
  const specs = [...new Set([...stored, draft.spec])];
  const isCross = draft.condition === 'crosses_indicator';
  return (
    <>
      <InstrumentField label="Instrument" value={draft.instrument} instruments={instruments} disabled={!isNew}
        autoFocus={isNew} fault={faults.symbol} onValue={(value) => onChange({ instrument: value })} />
      <SelectField label="Bars" value={draft.spec} disabled={!isNew} fault={faults.spec}
        options={Object.fromEntries(specs.map((spec) => [spec, spec]))} onValue={(spec) => onChange({ spec })} />
      <SelectField label="When" value={draft.condition} options={conditionNames} fault={faults.condition}
        onValue={(condition) => onChange({ condition: condition as AlertCondition })} />
      {isCross ? (
        <LineField value={draft.indicator} fault={faults.indicator} onValue={(indicator) => onChange({ indicator })} />
      ) : (
        <InputField label={draft.condition === 'volume_above' ? 'Volume of a bar' : 'Price'} inputMode="decimal"
          value={draft.threshold} fault={faults.threshold} onValue={(threshold) => onChange({ threshold })} />
      )}
      <div className="rule-form-wide quiet"><Distance draft={draft} instrument={instrument} /></div>
      <InputField label="Until" hint="UTC; empty: it never ends" placeholder="YYYY-MM-DD hh:mm" value={draft.expires}
        fault={faults.expires_at} onValue={(expires) => onChange({ expires })} />
      <InputField label="Note" hint="may stay empty" maxLength={1_000} value={draft.note} fault={faults.note}
        onValue={(note) => onChange({ note })} />
    </>
  );
}

interface LineProps {
  readonly value: string;
  readonly fault: string | undefined;
  readonly onValue: (value: string) => void;
}

function LineField({ value, fault, onValue }: LineProps) {
  const list = useId();
  return (
    <>
      <InputField label="Line" hint="of an indicator that is computed" list={list} value={value} fault={fault}
        onValue={onValue} />
      <datalist id={list}>{linesUsual.map((line) => <option key={line} value={line} />)}</datalist>
    </>
  );
}

function Distance({ draft, instrument }: { readonly draft: RuleDraft; readonly instrument: Instrument | null }) {
  const quote = useLatest(quoteKey(instrument ?? { venue: '', symbol: '' }));
  if (draft.condition === 'crosses_indicator') return 'It is met where a bar closes on the other side of the line.';
  if (draft.condition === 'volume_above') return 'Every bar is judged by itself.';
  if (instrument === null || quote === undefined) return 'It is met on the bar in which the price crosses.';
  const away = distancePercent({ condition: draft.condition, threshold: numberOf(draft.threshold) }, quote.price);
  const last = `The last price is ${decimal(quote.price, priceDigits(instrument, quote.price))}`;
  return away === null ? `${last}.` : `${last}; from there ${signed(away, 2)} %.`;
}
