import { useState } from 'react';
import type { FormEvent, KeyboardEvent } from 'react';
import { ageText, arrows, decimal, digitsOf, directionOf, quantity, signed, timeText } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import { useMarkAge } from '../../mark-age.ts';
import { InputField, useFaultFocus } from '../../parts/field.tsx';
import { RemoveButton } from '../../parts/remove-button.tsx';
import { addressOf, follow } from '../../places.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useSession } from '../../session.tsx';
import { useEverySecond } from '../../ticker.ts';
import { changePosition, removePosition } from '../../watch/position-api.ts';
import type { ApiPosition } from '../../watch/position-api.ts';
import type { Mark } from './profit.ts';
import { positionFaultsOf, writtenNumbers } from './position-draft.ts';
import type { PositionFaults } from './position-draft.ts';
import { profitOf } from './profit.ts';

interface Props {
  readonly position: ApiPosition;
  readonly mark: Mark | undefined;
}

export function PositionRow({ position, mark }: Props) {
  const { api } = useSession();
  const [isEditing, setEditing] = useState(false);
  // Who has edited it goes on from where that began.
  const [wasEditing, setWasEditing] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  if (isEditing) return <EditRow position={position} onClose={() => setEditing(false)} />;
  const { venue, symbol, size, note, entry_price: entry } = position;
  const name = `${symbol}, ${quantity(size)} at ${entry}`;
  const remove = (): void => {
    removePosition(api, position.id).catch((error: unknown) => setFailed(Object.values(positionFaultsOf(error))[0] ?? null));
  };
  return (
    <div className="position-row" role="row">
      <span role="cell" className="position-symbol">
        <a href={addressOf('trading', [venue, symbol])} onClick={follow}>{symbol}</a>{' '}
        <small className="quiet">{venue}</small>
      </span>
      <span role="cell" className="position-side quiet">{size > 0 ? 'long' : 'short'}</span>
      <span role="cell" className="number position-size">{signed(size, sizeDigits(size))}</span>
      <span role="cell" className="number position-entry">{decimal(entry, priceDigits(position, entry))}</span>
      <Marked position={position} mark={mark} />
      <Entered position={position} />
      <span role="cell" className="position-note quiet" title={note}>
        {failed === null ? note : <b className="act" role="alert">{failed}</b>}
      </span>
      <span role="cell" className="position-acts">
        <button type="button" className="row-button" aria-label={`Edit ${name}`} autoFocus={wasEditing}
          onClick={() => { setEditing(true); setWasEditing(true); }}>Edit</button>
        <RemoveButton name={name} onRemove={remove} />
      </span>
    </div>
  );
}

/** Sizes have no digits but their own: 1, 0.25. */
function sizeDigits(size: number): number {
  return Number.isInteger(size) ? 0 : digitsOf(size);
}

function Marked({ position, mark }: Props) {
  const age = useMarkAge(mark?.atMs);
  if (mark === undefined) {
    return (
      <>
        <span role="cell" className="number position-mark quiet unknown"
          title="No trade of it is known: it is marked with the next one."
        >
          no price yet
        </span>
        <span role="cell" className="number position-value quiet">–</span>
        <span role="cell" className="number position-profit quiet">–</span>
        <span role="cell" className="number position-percent quiet unknown">–</span>
        <span role="cell" className="number position-age quiet unknown">–</span>
      </>
    );
  }
  const { amount, percent, value, cost } = profitOf(position, mark.price);
  const direction = directionOf(amount, 0);
  const digits = moneyDigits(cost);
  return (
    <>
      <span role="cell" className={`number position-mark ${age}`}>
        {decimal(mark.price, priceDigits(position, mark.price))}
      </span>
      <span role="cell" className={`number position-value ${age}`}>{moneyText(value, digits)}</span>
      <span role="cell" className={`number position-profit ${direction} ${age}`}>
        <i className="arrow">{arrows[direction]}</i> {signed(amount, digits)}
      </span>
      <span role="cell" className={`number position-percent ${direction} ${age}`}>{signed(percent, 2)}</span>
      <MarkAgeText mark={mark} />
    </>
  );
}

/** By a real minus, as everywhere. */
export function moneyText(amount: number, digits: number): string {
  return decimal(amount, digits).replace('-', '−');
}

/** Two digits for money; of what cost less than 1, four that count. By the cost: no point moves when a price does. */
export function moneyDigits(cost: number): number {
  return cost === 0 || cost >= 1 ? 2 : Math.min(10, 3 - Math.floor(Math.log10(cost)));
}

function MarkAgeText({ mark }: { readonly mark: Mark }) {
  const age = useMarkAge(mark.atMs);
  const text = useEverySecond((nowMs) => ageText(Math.max(0, nowMs - mark.atMs)));
  const words = mark.isLive ? 'When the last trade came.'
    : 'No trade has come since this page was opened: the close of the newest stored bar.';
  const weight = age === 'stale' ? 'look' : 'quiet';
  return <span role="cell" className={`number position-age ${weight}`} title={words}>{text}</span>;
}

function Entered({ position: { entry_time: time } }: { readonly position: ApiPosition }) {
  const zone = zoneName(usePreferences());
  const text = timeText(Date.parse(time), zone).slice(0, 16);
  return <time role="cell" className="position-entered quiet" dateTime={time}>{text}</time>;
}

/** The row as fields: Enter saves, Esc leaves it as it was. */
function EditRow({ position, onClose }: { readonly position: ApiPosition; readonly onClose: () => void }) {
  const { api } = useSession();
  const { id, symbol, revision } = position;
  const [draft, setDraft] = useState({
    instrument: '', size: String(position.size), entry: String(position.entry_price), note: position.note,
  });
  const [faults, setFaults] = useState<PositionFaults>({});
  const form = useFaultFocus(faults);
  const fault = faults.all ?? faults.symbol;
  const save = async (): Promise<void> => {
    const { numbers, faults: found } = writtenNumbers(draft);
    if (numbers === null) return setFaults(found);
    try {
      await changePosition(api, id, { ...numbers, revision });
      onClose();
    } catch (error) {
      setFaults(positionFaultsOf(error));
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void save();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <div className="position-row editing" role="row">
      <div role="cell">
        <form ref={form} className="edit-row" onSubmit={submit} onKeyDown={press} noValidate aria-label={`Edit ${symbol}`}>
          <b>{symbol}</b>
          <InputField label="Size" autoFocus value={draft.size} fault={faults.size}
            onValue={(size) => setDraft({ ...draft, size })} />
          <InputField label="Entry" inputMode="decimal" value={draft.entry} fault={faults.entry_price}
            onValue={(entry) => setDraft({ ...draft, entry })} />
          <InputField label="Note" maxLength={1_000} value={draft.note} fault={faults.note}
            onValue={(note) => setDraft({ ...draft, note })} />
          <span>
            <button type="submit" className="row-button">Save</button>
            <button type="button" className="row-button" onClick={onClose}>Cancel</button>
          </span>
          {fault === undefined ? null : <p className="field-fault" role="alert">{fault}</p>}
        </form>
      </div>
    </div>
  );
}
