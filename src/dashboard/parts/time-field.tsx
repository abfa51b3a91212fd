import { useState } from 'react';
import { InputField } from './field.tsx';

const written = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2})(:\d{2})?)?$/;

/** `2026-11-21 14:30` in UTC, the time of day where there is one, as ms; null for what is none. */
export function timeOfText(text: string): number | null {
  const [, day, minute = '00:00', second = ':00'] = written.exec(text.trim()) ?? [];
  const ms = day === undefined ? NaN : Date.parse(`${day}T${minute.padStart(5, '0')}${second}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/** As it can be typed again; seconds only where there are some. */
export function textOfTime(ms: number): string {
  const [day, time] = new Date(ms).toISOString().split('T');
  return `${day} ${time.slice(0, time.slice(6, 8) === '00' ? 5 : 8)}`;
}

export const timeFault = 'Write it as 2026-11-21 or 2026-11-21 14:30.';

interface Props {
  readonly label: string;
  /** ISO 8601 in UTC; null: nothing stands there. */
  readonly value: string | null;
  readonly placeholder: string;
  /** Called when somebody has finished with it: Enter, or the focus went on. */
  readonly onChoose: (value: string | null) => void;
}

/** A time in UTC that is typed: day before month before year is nobody's guess here. */
export function TimeField({ label, value, placeholder, onChoose }: Props) {
  const shown = value === null ? '' : textOfTime(Date.parse(value));
  const [typed, setTyped] = useState(shown);
  const ms = timeOfText(typed);
  const finish = (): void => {
    if (typed.trim() === shown) return;
    if (typed.trim() === '') onChoose(null);
    else if (ms !== null) onChoose(new Date(ms).toISOString());
  };
  return (
    <InputField label={label} hint="UTC" value={typed} placeholder={placeholder}
      fault={typed.trim() === '' || ms !== null ? undefined : timeFault} onValue={setTyped}
      onBlur={finish} onKeyDown={({ key }) => { if (key === 'Enter') finish(); }} />
  );
}
