import { useId, useState } from 'react';
import { inOrder } from '../../bars.ts';
import type { Instrument } from '../../instruments.ts';
import { offeredSpecs, sourceOf } from '../../made-specs.ts';
import { Field, SelectField } from '../../parts/field.tsx';
import { InstrumentField, instrumentFault, instrumentOf, instrumentText } from '../../parts/instrument-field.tsx';
import { TimeField } from '../../parts/time-field.tsx';
import type { Shown } from './asked-place.ts';
import { comparisons } from './columns.ts';
import type { Comparison } from './columns.ts';

interface Props {
  readonly shown: Shown;
  readonly instruments: readonly Instrument[];
  /** Close of the newest stored bar of the first instrument, ms; what `the last day` counts from. */
  readonly newestMs: number | null;
  readonly onShow: (shown: Shown) => void;
}

const hourMs = 3_600_000;
const spans = { '1 h': hourMs, '6 h': 6 * hourMs, '1 d': 24 * hourMs, '1 w': 168 * hourMs, '30 d': 720 * hourMs } as const;

/** What is shown: each field counts as soon as it says something that can be shown. */
export function Controls({ shown, instruments, newestMs, onShow }: Props) {
  const { venue, symbol, other } = shown;
  const stored = instruments.find((one) => one.venue === venue && one.symbol === symbol)?.specs ?? [];
  const change = (changed: Partial<Shown>): void => onShow({ ...shown, ...changed });
  return (
    <div className="panel history-controls" role="group" aria-label="What is shown">
      <InstrumentEntry key={`${venue} ${symbol}`} label="Instrument" instruments={instruments} value={instrumentText(shown)}
        onChoose={(chosen) => { if (chosen !== null) change({ venue: chosen.venue, symbol: chosen.symbol }); }} />
      <InstrumentEntry key={`with ${other?.venue} ${other?.symbol}`} label="Compared with" isOptional
        instruments={instruments} value={other === null ? '' : instrumentText(other)}
        onChoose={(chosen) => change({ other: chosen })} />
      <SpecEntry key={shown.spec} spec={shown.spec} stored={stored} onChoose={(spec) => change({ spec })} />
      <SpecButtons spec={shown.spec} stored={stored} onChoose={(spec) => change({ spec })} />
      {other === null ? null : (
        <SelectField label="Comparison" value={shown.how} options={comparisons}
          onValue={(how) => change({ how: how as Comparison })} />
      )}
      <TimeField key={`from ${shown.from}`} label="From" placeholder="the newest 500" value={shown.from}
        onChoose={(from) => change({ from })} />
      <TimeField key={`until ${shown.until}`} label="Until" placeholder="now" value={shown.until}
        onChoose={(until) => change({ until })} />
      <div className="span-choice" role="group" aria-label="The last …">
        {Object.entries(spans).map(([words, ms]) => (
          <button key={words} type="button" className="row-button" disabled={newestMs === null}
            onClick={() => change({ from: new Date((newestMs ?? 0) - ms).toISOString(), until: null })}>{words}</button>
        ))}
        <button type="button" className="row-button" disabled={shown.from === null && shown.until === null}
          onClick={() => change({ from: null, until: null })}>newest</button>
      </div>
    </div>
  );
}

interface InstrumentEntryProps {
  readonly label: string;
  readonly instruments: readonly Instrument[];
  readonly value: string;
  readonly isOptional?: boolean;
  readonly onChoose: (chosen: Instrument | null) => void;
}

function InstrumentEntry({ label, instruments, value, isOptional = false, onChoose }: InstrumentEntryProps) {
  const [typed, setTyped] = useState(value);
  const isNothing = isOptional && typed.trim() === '';
  const fault = isNothing || typed === value ? undefined : instrumentFault(typed, instruments);
  const take = (text: string): void => {
    setTyped(text);
    if (isOptional && text.trim() === '') return onChoose(null);
    // While a symbol is being typed, another one may be its beginning: only the whole of a line of the list counts.
    const found = instruments.find((one) => instrumentText(one).toLowerCase() === text.trim().toLowerCase());
    if (found !== undefined) onChoose(found);
  };
  const finish = (): void => {
    const found = instrumentOf(typed, instruments);
    if (found !== null && instrumentText(found) !== value) onChoose(found);
  };
  return (
    <div onBlur={finish} onKeyDown={({ key }) => { if (key === 'Enter') finish(); }}>
      <InstrumentField label={isOptional ? `${label} (or nothing)` : label} instruments={instruments} value={typed}
        fault={fault} onValue={take} />
    </div>
  );
}

interface SpecEntryProps {
  readonly spec: string;
  readonly stored: readonly string[];
  readonly onChoose: (spec: string) => void;
}

/** Any spec that the stored ones divide can be asked for: those are made where they are read. */
function SpecEntry({ spec, stored, onChoose }: SpecEntryProps) {
  const list = useId();
  const [typed, setTyped] = useState(spec);
  const known = inOrder([...new Set([...offeredSpecs(stored), spec])]);
  const finish = (): void => { if (typed.trim() !== '' && typed.trim() !== spec) onChoose(typed.trim()); };
  return (
    <Field label="Bars">
      {(attributes) => (
        <>
          <input className="entry" {...attributes} list={list} value={typed} autoComplete="off" spellCheck={false}
            onBlur={finish} onKeyDown={({ key }) => { if (key === 'Enter') finish(); }}
            onChange={({ target: { value } }) => {
              setTyped(value);
              if (known.includes(value)) onChoose(value);
            }} />
          <datalist id={list}>{known.map((name) => <option key={name} value={name} />)}</datalist>
        </>
      )}
    </Field>
  );
}

/** The lengths that are chosen most, in one press. */
function SpecButtons({ spec, stored, onChoose }: SpecEntryProps) {
  return (
    <div className="span-choice spec-choice" role="group" aria-label="Length of a bar">
      {offeredSpecs(stored).map((name) => {
        const madeFrom = sourceOf(name, stored);
        return (
          <button key={name} type="button" className={`row-button ${madeFrom === null ? '' : 'made'}`}
            aria-pressed={name === spec} title={madeFrom === null ? undefined : `Not stored: rolled up from ${madeFrom}`}
            onClick={() => onChoose(name)}>{name}</button>
        );
      })}
    </div>
  );
}
