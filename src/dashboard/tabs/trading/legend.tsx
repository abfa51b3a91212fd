import type { ReactNode } from 'react';
import { vwapOf } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';
import { arrows, decimal, directionOf, percentChange, quantity, signed, timeText } from '../../format.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import type { Pointed } from './chart.ts';

interface Props {
  readonly pointed: Pointed | null;
  readonly digits: number;
  /** The spec that the bars are made of; null where they are stored. */
  readonly madeFrom: string | null;
}

/** Every field of the bar under the crosshair, or of the newest one; and why data is missing there, if it is. */
export function Legend({ pointed, digits, madeFrom }: Props) {
  const zone = zoneName(usePreferences());
  if (pointed === null) return null;
  const { bar, previousClose, gaps } = pointed;
  return (
    <div className="legend">
      {bar === null ? null : (
        <BarFields bar={bar} previousClose={previousClose} digits={digits} zone={zone} madeFrom={madeFrom} />
      )}
      {gaps.map((gap) => <p key={`${gap.fromMs} ${gap.reason}`} className="look">{gapWords(gap, zone)}</p>)}
    </div>
  );
}

interface FieldsProps {
  readonly bar: Bar;
  readonly madeFrom: string | null;
  readonly previousClose: number | null;
  readonly digits: number;
  readonly zone: string | undefined;
}

function BarFields({ bar, previousClose, digits, zone, madeFrom }: FieldsProps) {
  const reference = previousClose ?? bar.open;
  const direction = directionOf(bar.close, reference);
  const body = directionOf(bar.close, bar.open);
  return (
    <>
      <p>
        <Field name="">{timeText(bar.openMs, zone)}</Field>
        {(['open', 'high', 'low', 'close'] as const).map((name) => (
          <Field key={name} name={name[0].toUpperCase()} weight={body}>{decimal(bar[name], digits)}</Field>
        ))}
        <Field name="" weight={direction}>
          {arrows[direction]} {signed(bar.close - reference, digits)} ({percentChange(bar.close, reference)} %)
        </Field>
      </p>
      <p>
        <Field name="Vol">{quantity(bar.volume)}</Field>
        <Field name="Notional">{quantity(bar.notional)}</Field>
        <Field name="VWAP">{decimal(vwapOf(bar), digits)}</Field>
        <Field name="Trades">{quantity(bar.trades)}</Field>
        <Field name="Buy">{quantity(bar.buyVolume)}</Field>
        <Field name="Sell">{quantity(bar.sellVolume)}</Field>
        <Field name="Δ" weight={directionOf(bar.buyVolume, bar.sellVolume)}>
          {signedQuantity(bar.buyVolume - bar.sellVolume)}
        </Field>
        <TruthFields bar={bar} />
        {madeFrom === null ? null : <span className="quiet">rolled up from {madeFrom}</span>}
      </p>
    </>
  );
}

function signedQuantity(value: number): string {
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${quantity(Math.abs(value))}`;
}

const qualityWords = { gap: 'data is missing', partial: 'partial: its beginning was not seen' } as const;

/** Whether this bar may still change, and whether it saw everything. */
export function TruthFields({ bar: { state, quality, revision, whole } }: { readonly bar: Bar }) {
  return (
    <>
      <span className={state === 'provisional' ? 'look' : 'quiet'}>{state}</span>
      {quality === 'complete' ? null : <span className="look">{qualityWords[quality]}</span>}
      {revision === 0 ? null : <span className="revised">revised {revision} ×</span>}
      {whole || state === 'forming' ? null : <span className="look">not whole</span>}
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly weight?: string;
  readonly children: ReactNode;
}

function Field({ name, weight = '', children }: FieldProps) {
  return <span className="field">{name === '' ? null : <i>{name}</i>} <b className={weight}>{children}</b></span>;
}

export function gapWords({ fromMs, untilMs, reason }: Gap, zone: string | undefined): string {
  return `Gap from ${timeText(fromMs, zone)} to ${timeText(untilMs, zone, 'time')}: ${reason}`;
}
