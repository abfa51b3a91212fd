import { useEffect, useId, useRef } from 'react';
import type { InputHTMLAttributes, ReactNode, RefObject } from 'react';
import './field.css';

interface FieldProps {
  readonly label: string;
  /** Beside the label, smaller: a unit, or that it may stay empty. */
  readonly hint?: string | undefined;
  /** What is wrong with what was entered, and what is allowed. */
  readonly fault?: string | undefined;
  readonly children: (attributes: FieldAttributes) => ReactNode;
}

/** What the control of a field needs to be tied to its label and its fault. */
export interface FieldAttributes {
  readonly id: string;
  readonly 'aria-invalid'?: boolean;
  readonly 'aria-describedby'?: string;
}

/** A label, a control, and what is wrong with it. */
export function Field({ label, hint, fault, children }: FieldProps) {
  const id = useId();
  const faultId = `${id}-fault`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}{hint === undefined ? null : <small> {hint}</small>}</label>
      {children({
        id, ...(fault === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': faultId }),
      })}
      {fault === undefined ? null : <p className="field-fault" id={faultId} role="alert">{fault}</p>}
    </div>
  );
}

interface InputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> {
  readonly label: string;
  readonly hint?: string;
  readonly fault?: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

export function InputField({ label, hint, fault, value, onValue, ...others }: InputProps) {
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(attributes) => (
        <input className="entry" autoComplete="off" {...others} {...attributes} value={value}
          onChange={(event) => onValue(event.target.value)} />
      )}
    </Field>
  );
}

interface SelectProps {
  readonly label: string;
  readonly fault?: string | undefined;
  readonly value: string;
  /** Value to words, in order. */
  readonly options: Readonly<Record<string, string>>;
  readonly disabled?: boolean;
  readonly onValue: (value: string) => void;
}

export function SelectField({ label, fault, value, options, disabled = false, onValue }: SelectProps) {
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <select {...attributes} value={value} disabled={disabled} onChange={(event) => onValue(event.target.value)}>
          {Object.entries(options).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
        </select>
      )}
    </Field>
  );
}

/** For a form: the first field that is not right gets the focus, whenever `faults` are others. */
export function useFaultFocus(faults: object): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(), [faults]);
  return form;
}
