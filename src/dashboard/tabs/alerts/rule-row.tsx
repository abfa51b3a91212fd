import { ageText, decimal, signed, timeText } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import { RemoveButton } from '../../parts/remove-button.tsx';
import { addressOf, follow } from '../../places.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useLatest } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { useEverySecond } from '../../ticker.ts';
import type { ApiRule } from '../../watch/alert-api.ts';
import { conditionText, distancePercent, stateNames, stateSigns, valueText } from './rule-words.ts';

interface Props {
  readonly rule: ApiRule;
  readonly isNews: boolean;
  readonly onEdit: (rule: ApiRule) => void;
  readonly onMute: (rule: ApiRule) => void;
  readonly onRemove: (rule: ApiRule) => void;
}

export function RuleRow({ rule, isNews, onEdit, onMute, onRemove }: Props) {
  const { venue, symbol, spec, state, note, muted } = rule;
  const name = `${symbol}, ${conditionText(rule)}`;
  return (
    <div className={`rule-row ${isNews ? 'is-news' : ''}`} role="row">
      <span role="cell" className={`rule-state ${state}`}><i>{stateSigns[state]}</i> {stateNames[state]}</span>
      <span role="cell" className="rule-symbol">
        <a href={addressOf('trading', [venue, symbol, spec])} onClick={follow}>{symbol}</a>{' '}
        <small className="quiet">{venue}</small>
      </span>
      <span role="cell" className="rule-words" title={note === '' ? undefined : note}>
        {conditionText(rule)} <small className="quiet">{spec}</small>
        {note === '' ? null : <small className="quiet rule-note"> · {note}</small>}
      </span>
      <LastPrice rule={rule} />
      <span role="cell" className="rule-last quiet"><LastTurn rule={rule} /></span>
      <span role="cell" className="rule-acts">
        <button type="button" className="row-button" aria-pressed={muted} aria-label={`${muted ? 'Hear' : 'Mute'} ${name}`}
          onClick={() => onMute(rule)}>{muted ? 'Hear' : 'Mute'}</button>
        <button type="button" className="row-button" aria-label={`Edit ${name}`} onClick={() => onEdit(rule)}>Edit</button>
        <RemoveButton name={name} onRemove={() => onRemove(rule)} />
      </span>
    </div>
  );
}

function LastPrice({ rule }: { readonly rule: ApiRule }) {
  const quote = useLatest(quoteKey(rule));
  const away = distancePercent(rule, quote?.price);
  return (
    <>
      <span role="cell" className="number rule-price">{decimal(quote?.price, priceDigits(rule, quote?.price))}</span>
      <span role="cell" className={`number rule-away quiet ${away === null ? '' : 'known'}`}>{awayText(away)}</span>
    </>
  );
}

/** Beyond this nobody counts. */
const awayMaxPercent = 999;

function awayText(away: number | null): string {
  return away !== null && Math.abs(away) > awayMaxPercent ? `> ${awayMaxPercent}` : signed(away, 2);
}

/** What it came to last, or until when it waits. */
function LastTurn({ rule: { condition, last, expires_at: expires, state } }: { readonly rule: ApiRule }) {
  const zone = zoneName(usePreferences());
  const lastMs = last === null ? null : Date.parse(last.close_time);
  const age = useEverySecond((nowMs) => (lastMs === null ? '' : ageText(Math.max(0, nowMs - lastMs))));
  if (last !== null) {
    const words = last.state === 'triggered' ? `at ${valueText(condition, last.value)}` : 'undone';
    return <span title={timeText(Date.parse(last.close_time), zone)}>{words}, {age === 'now' ? 'now' : `${age} ago`}</span>;
  }
  if (expires === null) return null;
  return `${state === 'expired' ? 'ended' : 'until'} ${timeText(Date.parse(expires), zone).slice(0, 16)}`;
}
