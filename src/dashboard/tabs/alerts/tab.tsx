import Button from '@mui/material/Button';
import { useEffect, useMemo, useState } from 'react';
import type { Channel } from '../../../model/stream.ts';
import { useAsked, wordsOf } from '../../asked.ts';
import { instrumentId } from '../../instrument-id.ts';
import { useKeys } from '../../keys.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useInstrumentChoice } from '../../parts/instrument-field.tsx';
import { useChannels, useSession } from '../../session.tsx';
import { alertsKey } from '../../stream-keys.ts';
import { changeRule, listRules, removeRule } from '../../watch/alert-api.ts';
import type { ApiRule, RuleState } from '../../watch/alert-api.ts';
import { turnKey } from '../../watch/alert-news.ts';
import { seeAllAlerts, useUnseenAlerts } from '../../watch/use-alert-watch.ts';
import { AlertHistory } from './alert-history.tsx';
import './alerts.css';
import { CallsStrip } from './calls-strip.tsx';
import { RuleForm } from './rule-form.tsx';
import { RuleRow } from './rule-row.tsx';
import { stateNames } from './rule-words.ts';

const keys = [{ key: 'n', does: 'New alert' }];

/** Rules on bars, what they came to, and how this browser calls. */
export function Tab() {
  const { api } = useSession();
  const [turn, again] = useTurn();
  const { answer: rules, fault } = useAsked('alert-rules', (signal) => listRules(api, signal), turn);
  const instruments = useInstrumentChoice();
  const news = useNews();
  const [form, setForm] = useState<ApiRule | 'new' | null>(null);
  const [shown, setShown] = useState<RuleState | 'all'>('all');
  const [failed, setFailed] = useState<string | null>(null);
  useRuleQuotes(rules);
  useKeys(keys, () => setForm('new'));
  const doing = (asked: Promise<unknown>): void => {
    asked.then(() => setFailed(null), (error: unknown) => setFailed(wordsOf(error))).finally(again);
  };
  const listed = (rules ?? []).filter(({ state }) => shown === 'all' || state === shown);
  return (
    <div className="alerts">
      <h1 className="unseen">Alerts</h1>
      <section className="panel rules" aria-label="Rules">
        <div className="rule-tools">
          <StateFilter rules={rules ?? []} shown={shown} onShow={setShown} />
          <CallsStrip />
          <Button variant="contained" onClick={() => setForm('new')} aria-keyshortcuts="n">New alert</Button>
        </div>
        {failed === null ? null : <p className="field-fault panel-words" role="alert">{failed}</p>}
        {rules === null ? <Waiting fault={fault} /> : null}
        {rules?.length === 0 ? <NoRules onNew={() => setForm('new')} /> : null}
        {rules !== null && rules.length > 0 ? (
          <div className="rule-rows" role="table" aria-label="Rules" tabIndex={0}>
            <Heading />
            {listed.map((rule) => (
              <RuleRow key={rule.id} rule={rule} isNews={news.rules.has(rule.id)} onEdit={setForm}
                onMute={({ id, muted, version }) => doing(changeRule(api, id, { muted: !muted, version }))}
                onRemove={({ id }) => doing(removeRule(api, id))} />
            ))}
            {listed.length === 0 && shown !== 'all' ? (
              <p className="quiet panel-words">None of them is {stateNames[shown].toLowerCase()}.</p>
            ) : null}
          </div>
        ) : null}
      </section>
      <AlertHistory turn={turn} news={news.turns} />
      {form === null ? null : (
        <RuleForm rule={form === 'new' ? null : form} instruments={instruments} onClose={() => setForm(null)}
          onSaved={again} />
      )}
    </div>
  );
}

/** Asked again after what was done here, and when the stream tells of an alert: at most twice a second. */
function useTurn(): readonly [number, () => void] {
  const { live } = useSession();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ending = live.listen(alertsKey, () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setTurn((before) => before + 1);
      }, 500);
    });
    return () => {
      ending();
      clearTimeout(timer);
    };
  }, [live]);
  return [turn, () => setTurn((before) => before + 1)];
}

interface News {
  /** By their ids. */
  readonly rules: ReadonlySet<string>;
  readonly turns: ReadonlySet<string>;
}

/** What nobody had seen when the tab was opened, and what came since; opening it is seeing it. */
function useNews(): News {
  const unseen = useUnseenAlerts();
  const [news, setNews] = useState<News>({ rules: new Set(), turns: new Set() });
  useEffect(() => {
    if (unseen.length === 0) return undefined;
    setNews((before) => ({
      rules: new Set([...before.rules, ...unseen.map(({ rule_id: rule }) => rule)]),
      turns: new Set([...before.turns, ...unseen.map(turnKey)]),
    }));
    if (!document.hidden) seeAllAlerts();
    addEventListener('visibilitychange', seeAllAlerts);
    return () => removeEventListener('visibilitychange', seeAllAlerts);
  }, [unseen]);
  return news;
}

/** Prices of what rules are about. */
function useRuleQuotes(rules: readonly ApiRule[] | null): void {
  const ids = [...new Set(rules?.map(instrumentId))].sort().join('\r');
  const channels = useMemo((): readonly Channel[] => ids.split('\r').filter((id) => id !== '').map((id) => {
    const [venue, symbol] = id.split('\n');
    return { channel: 'quotes', venue, symbol };
  }), [ids]);
  useChannels(channels);
}

interface FilterProps {
  readonly rules: readonly ApiRule[];
  readonly shown: RuleState | 'all';
  readonly onShow: (shown: RuleState | 'all') => void;
}

function StateFilter({ rules, shown, onShow }: FilterProps) {
  const choices = ['all', ...Object.keys(stateNames)] as (RuleState | 'all')[];
  return (
    <div className="state-filter" role="group" aria-label="Which rules are listed">
      {choices.map((choice) => (
        <button key={choice} type="button" aria-pressed={choice === shown} onClick={() => onShow(choice)}>
          {choice === 'all' ? 'All' : stateNames[choice]}{' '}
          <b>{choice === 'all' ? rules.length : rules.filter(({ state }) => state === choice).length}</b>
        </button>
      ))}
    </div>
  );
}

function Heading() {
  return (
    <div className="rule-row rule-heading" role="row">
      <span role="columnheader">State</span>
      <span role="columnheader">Symbol</span>
      <span role="columnheader">Waits for</span>
      <span role="columnheader" className="number">Last</span>
      <span role="columnheader" className="number">Away, %</span>
      <span role="columnheader">Came to</span>
      <span role="columnheader"><span className="unseen">What can be done</span></span>
    </div>
  );
}

function Waiting({ fault }: { readonly fault: string | null }) {
  if (fault !== null) return <EmptyState title="The rules did not come">{fault}</EmptyState>;
  return (
    <div className="rule-skeleton" role="status" aria-label="Loading">
      {Array.from({ length: 6 }, (_, index) => <i key={index} />)}
    </div>
  );
}

function NoRules({ onNew }: { readonly onNew: () => void }) {
  return (
    <EmptyState title="No alert waits for anything yet">
      An alert watches the bars of one instrument: a price that is crossed, a volume, the line of an indicator. The server
      judges it, whether this page is open or not.{' '}
      <button type="button" className="row-button" onClick={onNew}>Write the first one</button>
    </EmptyState>
  );
}
