import { useLayoutEffect, useRef, useState } from 'react';
import { timeText } from '../../format.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import type { Column } from './columns.ts';
import type { Row } from './rows.ts';

/** As history.css has it. */
const rowHeight = 24;
const spareRows = 10;

interface Props {
  /** In the order in which they are shown. */
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
  readonly symbols: readonly string[];
  readonly order: 'newest' | 'oldest';
  readonly onOrder: () => void;
}

/** Only the rows that can be seen exist: five thousand cost what thirty do. */
export function HistoryTable({ rows, columns, symbols, order, onOrder }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const zone = zoneName(usePreferences());
  useLayoutEffect(() => {
    const element = scroller.current!;
    const look = (): void => setView((before) => (before.top === element.scrollTop && before.height === element.clientHeight
      ? before : { top: element.scrollTop, height: element.clientHeight }));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - spareRows);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + spareRows);
  const layout = layoutOf(columns);
  const groups = [...new Set(columns.map(({ group }) => group).filter((group) => group !== ''))];
  return (
    <div className="history-table" ref={scroller} tabIndex={0} role="table" aria-label="Bars"
      aria-rowcount={rows.length + 1}
    >
      <div className={`history-heading ${groups.length > 0 ? 'grouped' : ''}`} role="row" aria-rowindex={1} style={layout}>
        {groups.map((group) => (
          <b key={group} aria-hidden="true" className="history-group" style={groupPlace(columns, group)}>{group}</b>
        ))}
        <span role="columnheader" aria-sort={order === 'newest' ? 'descending' : 'ascending'}>
          <button type="button" onClick={onOrder} title="Turns the order around">
            Opened {order === 'newest' ? '▼' : '▲'}
          </button>
        </span>
        {columns.map(({ key, group, title, isMarks }) => (
          <span key={key} role="columnheader" className={isMarks === true ? '' : 'number'}>
            {group === '' ? null : <span className="unseen">{group} </span>}{title}
          </span>
        ))}
      </div>
      <div role="rowgroup" className="history-rows"
        style={{ height: rows.length * rowHeight, minWidth: layout.minWidth }}
      >
        {rows.slice(first, last).map((row, index) => (
          <div key={keyOf(row)} role="row" aria-rowindex={first + index + 2}
            className={`history-row ${row.kind}`}
            style={{ ...layout, transform: `translateY(${(first + index) * rowHeight}px)` }}
          >
            <span role="cell">{timeText(row.openMs, zone)}</span>
            {row.kind === 'bar' ? columns.map((column) => <Cell key={column.key} column={column} row={row} />) : (
              <span role="cell" className="gap-words" style={{ gridColumn: '2 / -1' }}>
                data is missing until {timeText(row.gap.untilMs, zone)}: {row.gap.reason}
                {symbols.length > 1 ? ` (${row.of.map((at) => symbols[at]).join(', ')})` : ''}
              </span>
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

function keyOf(row: Row): string {
  return row.kind === 'bar' ? `bar ${row.openMs}` : `gap ${row.openMs} ${row.gap.untilMs} ${row.gap.reason}`;
}

const widthsRem = { time: 10, marks: 5.2, number: 5.5, gap: 0.75 } as const;

/** The same for the heading and for every row, whatever stands in it. */
function layoutOf(columns: readonly Column[]) {
  const widths = columns.map(({ isMarks }) => (isMarks === true ? widthsRem.marks : widthsRem.number));
  const sum = widths.reduce((total, width) => total + width + widthsRem.gap, widthsRem.time + 2 * widthsRem.gap);
  const tracks = widths.map((width) => `minmax(${width}rem, ${width}fr)`);
  return { minWidth: `${sum}rem`, gridTemplateColumns: [`${widthsRem.time}rem`, ...tracks].join(' ') };
}

/** Over the columns of one symbol, in the first line of the heading. */
function groupPlace(columns: readonly Column[], group: string) {
  const first = columns.findIndex((column) => column.group === group);
  const length = columns.filter((column) => column.group === group).length;
  return { gridRow: 1, gridColumn: `${first + 2} / span ${length}` };
}

function Cell({ column, row }: { readonly column: Column; readonly row: Extract<Row, { kind: 'bar' }> }) {
  const text = column.text(row);
  // As it is written: what is nothing after rounding has no colour either.
  const sign = column.isChange !== true ? '' : text.startsWith('+') ? 'up' : text.startsWith('−') ? 'down' : '';
  if (column.isMarks === true) return <span role="cell" className="look" title={text}>{text}</span>;
  return <span role="cell" className={`number ${sign}`}>{text}</span>;
}
