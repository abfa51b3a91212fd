import Button from '@mui/material/Button';
import { useMemo, useState } from 'react';
import { useAsked, useSymbols } from '../../asked.ts';
import type { Asked } from '../../asked.ts';
import { count } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import type { Instrument } from '../../instruments.ts';
import { useKeys } from '../../keys.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useInstrumentChoice } from '../../parts/instrument-field.tsx';
import { goTo, usePlace } from '../../places.ts';
import { useSession } from '../../session.tsx';
import { addressOfShown, shownAt } from './asked-place.ts';
import type { Shown } from './asked-place.ts';
import { ChartPanel } from './chart-panel.tsx';
import { columnsOf, sizeDigitsOf } from './columns.ts';
import type { Named } from './columns.ts';
import { Controls } from './controls.tsx';
import { csvOf } from './csv.ts';
import './history.css';
import { HistoryTable } from './history-table.tsx';
import { barsMax, load } from './load.ts';
import { rowsOf } from './rows.ts';
import type { Loaded } from './rows.ts';
import { saveFile } from './save-file.ts';

/** Stored bars of any range and spec, of one symbol or of two. */
export function Tab() {
  const place = usePlace();
  const instruments = useInstrumentChoice();
  const first = instruments[0];
  const shown = shownAt(place) ?? (first === undefined ? null : firstShown(first));
  if (shown === null) {
    return (
      <EmptyState title="No instrument has bars yet">
        What is stored is shown here, of any range and any interval. Sources stand in <code>config.yaml</code>; the first
        bars come when their windows end.
      </EmptyState>
    );
  }
  return <History shown={shown} instruments={instruments} />;
}

function firstShown({ venue, symbol, specs }: Instrument): Shown {
  const spec = specs.includes('1m') ? '1m' : specs[0] ?? '1m';
  return { venue, symbol, spec, from: null, until: null, other: null, how: 'indexed' };
}

const keys = [{ key: 'r', does: 'Ask again for what is stored' }, { key: 'e', does: 'Export the rows as CSV' }];

function History({ shown, instruments }: { readonly shown: Shown; readonly instruments: readonly Instrument[] }) {
  const { api } = useSession();
  const [turn, setTurn] = useState(0);
  const [order, setOrder] = useState<'newest' | 'oldest'>('newest');
  const { venue, symbol, spec, from, until, other } = shown;
  const key = JSON.stringify([venue, symbol, spec, from, until, other]);
  const asked = useAsked(key, (signal) => load(api, shown, signal), turn);
  const made = useMade(shown, asked.answer);
  const rows = useMemo(() => (order === 'newest' ? made.rows.toReversed() : made.rows), [made, order]);
  const save = (): void => saveFile(fileName(shown), csvOf(rows, made.columns));
  useKeys(keys, (pressed) => {
    if (pressed === 'r') setTurn(turn + 1);
    else if (rows.length > 0) save();
  });
  return (
    <div className="history">
      <h1 className="unseen">History</h1>
      <Controls shown={shown} instruments={instruments} newestMs={useNewest(shown)}
        onShow={(next) => goTo(addressOfShown(next), 'replace')} />
      <div className="history-charts">
        {made.loaded.length === 0 ? <div className="panel history-skeleton" /> : <Charts shown={shown} made={made} />}
      </div>
      <section className="panel history-rows-panel" aria-label="Rows">
        <div className="history-tools">
          <span role="status">{wordsOf(asked, made)}</span>
          <button type="button" className="row-button" onClick={() => setTurn(turn + 1)} aria-keyshortcuts="r">
            Ask again
          </button>
          <Button variant="outlined" disabled={rows.length === 0} onClick={save} aria-keyshortcuts="e">Export CSV</Button>
        </div>
        {asked.answer !== null && rows.length === 0 ? <NoRows shown={shown} /> : (
          <HistoryTable rows={rows} columns={made.columns} symbols={made.named.map(({ symbol: name }) => name)}
            order={order} onOrder={() => setOrder(order === 'newest' ? 'oldest' : 'newest')} />
        )}
      </section>
    </div>
  );
}

interface Made {
  readonly loaded: readonly Loaded[];
  readonly named: readonly Named[];
  readonly rows: ReturnType<typeof rowsOf>;
  readonly columns: ReturnType<typeof columnsOf>;
}

const nothing: readonly Loaded[] = [];
/** Enough to know how many digits prices and volumes have. */
const sampleBars = 200;

/** What is drawn and written of the answer. */
function useMade({ venue, symbol, other, how }: Shown, answer: readonly Loaded[] | null): Made {
  const [otherVenue, otherSymbol] = [other?.venue, other?.symbol];
  return useMemo(() => {
    const loaded = answer ?? nothing;
    const second = otherVenue === undefined || otherSymbol === undefined ? [] : [{ venue: otherVenue, symbol: otherSymbol }];
    const symbols = [{ venue, symbol }, ...second];
    const named = symbols.map((one, at) => {
      const sample = loaded[at]?.bars.slice(-sampleBars) ?? [];
      const digits = priceDigits(one, ...sample.map(({ close }) => close));
      return { symbol: one.symbol, digits, sizeDigits: sizeDigitsOf(sample.map(({ volume }) => volume)) };
    });
    return { loaded, named, rows: rowsOf(loaded), columns: columnsOf(named, how) };
  }, [answer, venue, symbol, otherVenue, otherSymbol, how]);
}

function Charts({ shown, made }: { readonly shown: Shown; readonly made: Made }) {
  const { spec, other, how } = shown;
  const { loaded, named, rows } = made;
  const both = useMemo(() => ({
    bars: loaded.flatMap(({ bars }) => bars), gaps: loaded.flatMap(({ gaps }) => gaps), isCut: false,
    madeFrom: null,
  }), [loaded]);
  if (other !== null && how === 'indexed') {
    return <ChartPanel kind="lines" symbols={named} side={0} spec={spec} loaded={both} rows={rows} />;
  }
  return loaded.map((one, at) => (
    <ChartPanel key={`${at} ${named[at].symbol}`} kind="candles" symbols={[named[at]]} side={at} spec={spec} loaded={one}
      rows={rows} />
  ));
}

function useNewest({ venue, symbol }: Shown): number | null {
  const { answer } = useSymbols();
  const found = answer?.find((one) => one.venue === venue && one.symbol === symbol);
  return found === undefined ? null : Date.parse(found.newest_close_time);
}

function wordsOf({ fault, isAsking, answer }: Asked<readonly Loaded[]>, { loaded, rows }: Made): string {
  if (fault !== null) return answer === null ? fault : `${fault} What is shown was stored before.`;
  if (isAsking && answer === null) return 'Asking …';
  const gaps = loaded.reduce((sum, one) => sum + one.gaps.length, 0);
  const bars = rows.filter(({ kind }) => kind === 'bar').length;
  const sources = [...new Set(loaded.flatMap(({ madeFrom }) => madeFrom ?? []))];
  const words = `${count(bars)} rows${gaps === 0 ? '' : `, ${count(gaps)} gaps in the data`}.` +
    (sources.length === 0 ? '' : ` Rolled up from ${sources.join(' and ')}.`);
  if (!loaded.some(({ isCut }) => isCut)) return words;
  return `${words} The range holds more than ${count(barsMax)} bars: these are the first. Narrow it, or take all of it ` +
    'from /api/bars with format=csv.';
}

function NoRows({ shown: { symbol, spec, from } }: { readonly shown: Shown }) {
  return (
    <EmptyState title={`No bar of ${spec} is stored for ${symbol}${from === null ? '' : ' in this range'}`}>
      {from === null
        ? 'The first one comes when its window ends. Shorter bars come sooner: try 1s or 1m.'
        : 'Choose another range: “newest” shows the last ones that there are.'}
    </EmptyState>
  );
}

function fileName({ symbol, spec, other }: Shown): string {
  const names = [symbol, ...other === null ? [] : [other.symbol], spec].join('-');
  return `${names.replaceAll(/[^\w.@-]/g, '_')}.csv`;
}
