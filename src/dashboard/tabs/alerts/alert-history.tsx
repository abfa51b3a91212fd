import { useState } from 'react';
import { useAsked, wordsOf } from '../../asked.ts';
import { timeText } from '../../format.ts';
import { addressOf, follow } from '../../places.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useSession } from '../../session.tsx';
import { alertHistory } from '../../watch/alert-api.ts';
import type { AlertPage, ApiAlert } from '../../watch/alert-api.ts';
import { turnKey } from '../../watch/alert-news.ts';
import { valueText } from './rule-words.ts';

const pageRows = 100;

interface Props {
  /** Another number asks again. */
  readonly turn: number;
  /** Turns that nobody had seen when the tab was opened. */
  readonly news: ReadonlySet<string>;
}

/** What rules came to, newest first. An alert that a revision undid stays, crossed out. */
export function AlertHistory({ turn, news }: Props) {
  const { api } = useSession();
  const { answer, fault } = useAsked('alert-history', (signal) => alertHistory(api, { limit: pageRows }, signal), turn);
  const older = useOlder(answer);
  return (
    <section className="panel alert-history" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {answer === null ? <p className="quiet panel-words">{fault ?? 'Asking …'}</p> : null}
      {answer?.alerts.length === 0 ? (
        <p className="quiet panel-words">
          Nothing was triggered yet. What rules come to stands here, newest first; what a late trade undoes stays and is
          crossed out.
        </p>
      ) : null}
      <ol tabIndex={0} aria-label="What alerts came to">
        {[...answer?.alerts ?? [], ...older.alerts].map((alert) => (
          <HistoryRow key={turnKey(alert)} alert={alert} isNews={news.has(turnKey(alert))} />
        ))}
        {older.next === null ? null : (
          <li className="more">
            <button type="button" className="row-button" onClick={older.more}>{older.fault ?? 'Older ones'}</button>
          </li>
        )}
      </ol>
    </section>
  );
}

interface OlderPages {
  /** Where the first page ended. */
  readonly behind: string | null;
  readonly alerts: readonly ApiAlert[];
  readonly next: string | null;
}

/** Pages behind the first one; they are dropped where the first one was asked anew and ends elsewhere. */
function useOlder(first: AlertPage | null) {
  const { api } = useSession();
  const [pages, setPages] = useState<OlderPages>({ behind: null, alerts: [], next: null });
  const [fault, setFault] = useState<string | null>(null);
  const isBehind = pages.behind !== null && pages.behind === first?.next;
  const next = isBehind ? pages.next : first?.next ?? null;
  const alerts = isBehind ? pages.alerts : [];
  const more = (): void => {
    if (next === null) return;
    alertHistory(api, { limit: pageRows, cursor: next }).then(
      (page) => {
        setFault(null);
        setPages({ behind: first?.next ?? null, alerts: [...alerts, ...page.alerts], next: page.next });
      },
      (error: unknown) => setFault(`${wordsOf(error)} Try again.`));
  };
  return { alerts, next, more, fault };
}

function HistoryRow({ alert, isNews }: { readonly alert: ApiAlert; readonly isNews: boolean }) {
  const { venue, symbol, spec, state, value, words, close_time: closeTime } = alert;
  const zone = zoneName(usePreferences());
  const isWithdrawn = state === 'withdrawn';
  return (
    <li className={`${state} ${isNews ? 'is-news' : ''}`}>
      <time dateTime={closeTime} className="quiet">{timeText(Date.parse(closeTime), zone)}</time>
      <span className={`turn ${isWithdrawn ? 'look' : ''}`}>{isWithdrawn ? '↩ withdrawn' : '▲ triggered'}</span>
      <span className="history-words">
        <a href={addressOf('trading', [venue, symbol, spec])} onClick={follow}>{symbol}</a>{' '}
        {isWithdrawn ? <s>{shortened(words, symbol)}</s> : shortened(words, symbol)}
      </span>
      <span className="number">{valueText(words.startsWith('volume ') ? 'volume_above' : 'price_above', value)}</span>
    </li>
  );
}

/** The symbol stands before it already. */
function shortened(words: string, symbol: string): string {
  return words.replace(` of ${symbol}`, '');
}
