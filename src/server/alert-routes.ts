import { randomUUID } from 'node:crypto';
import { alertIdOf } from '../alerts/alert-id.ts';
import { alertWords } from '../model/alert.ts';
import type { HistoryPlace, ListedRule, StoredAlert } from '../model/alert-store.ts';
import { alertPage, changedRule, newRule, rule as ruleSchema, ruleStates, type RuleState } from './alert-schemas.ts';
import { termsOf } from './alert-terms.ts';
import type { RouteContext } from './context.ts';
import { errorBody } from './data-schemas.ts';
import { refusal } from './errors.ts';
import { Type } from './json-schema.ts';
import { uuid } from './names.ts';
import { isoOf } from './query-times.ts';
import {
  BadRequest, routeWithBody, routeWithParams, routeWithParamsAndBody, routeWithQuery, type Answer, type Route,
} from './route.ts';

const described = { tag: 'data', open: false, limited: true } as const;
const params = Type.Object({ id: Type.String({ ...uuid, description: 'Of the rule.' }) });
const noQuery = Type.Object({}, { additionalProperties: false });
const missing = { 404: { description: 'There is no such rule.', body: errorBody } } as const;
const found = { description: 'The rule as it is now.', body: ruleSchema } as const;
const limitDefault = 100;

const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: limitDefault, description: 'Alerts at most.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 300, description: 'next of the page before.' })),
} as const;

const listRoute = routeWithQuery({
  ...described, path: '/api/alerts', summary: 'Rules on bars, and what they came to last.',
  query: Type.Object({
    state: Type.Optional(Type.Enum([...ruleStates], { description: 'Only rules of this state.' })),
  }, { additionalProperties: false }),
  answers: {
    200: {
      description: 'The oldest first.',
      body: Type.Object({
        rules: Type.Array(ruleSchema), rules_max: Type.Integer({ description: 'As many there may be.' }),
      }),
    },
  },
  answer: async ({ state }, { alerts }, { abort }) => {
    const rules = (await alerts.store.list(abort)).filter((rule) => state === undefined || stateOf(rule) === state);
    return { status: 200, body: { rules: rules.map(shown), rules_max: alerts.scope.rulesMax } };
  },
});

const findRoute = routeWithParams({
  ...described, path: '/api/alerts/:id', summary: 'One rule.', params, query: noQuery, answers: { 200: found, ...missing },
  answer: async ({ id }, { alerts }, { abort }) => answerOf(await alerts.store.find(id, abort) ?? 'missing', id),
});

const createRoute = routeWithBody({
  ...described, method: 'POST', path: '/api/alerts', summary: 'A new rule. It holds for bars that are emitted from now on.',
  body: newRule,
  answers: {
    201: { description: 'The rule; location says where it is from now on.', body: ruleSchema },
    409: { description: 'The id is taken, or there are alerts.rules_max rules already.', body: errorBody },
  },
  answer: async ({ body }, { alerts, clock }, { abort }) => {
    const { id = randomUUID(), note = '', muted = false } = body;
    const { scope: { rulesMax } } = alerts;
    const asked = { ...termsOf(body, alerts.scope), id: id.toLowerCase(), note, muted, rulesMax, nowMs: clock.nowMs() };
    const created = await alerts.store.create(asked, abort);
    if (created === 'full') return refusal(409, 'limit-reached', `There are ${rulesMax} rules already; remove one first.`);
    if (created === 'exists') {
      return refusal(409, 'conflict', `There is a rule ${id} already, or was; leave the id out for a new one.`, 'id');
    }
    return { status: 201, body: shown(created), headers: { location: `alerts/${created.id}` } };
  },
});

const changeRoute = routeWithParamsAndBody({
  ...described, method: 'PATCH', path: '/api/alerts/:id',
  summary: 'Changes a rule: its terms, which makes another version of it, its note, whether it is muted.', params,
  body: changedRule,
  answers: { 200: found, ...missing, 409: { description: 'It has another version by now.', body: errorBody } },
  answer: async ({ id, body }, { alerts, clock }, { abort }) => {
    const rule = await alerts.store.find(id, abort);
    if (rule === null) return answerOf('missing', id);
    const { version = rule.version, note = rule.note, muted = rule.muted, ...changed } = body;
    const { venue, symbol, barSpec: spec, condition, threshold, indicator, expiresMs } = rule;
    const before = { condition, threshold, indicator, expires_at: expiresMs === null ? null : isoOf(expiresMs) };
    // What a condition does not have goes with the one that had it.
    const kept = changed.condition === undefined || changed.condition === condition
      ? before : { expires_at: before.expires_at, ...sharedOf(before, changed.condition) };
    const isSame = Object.keys(changed).length === 0;
    const terms = isSame ? rule : termsOf({ venue, symbol, spec, condition, ...kept, ...changed }, alerts.scope);
    const next = { ...terms, note, muted };
    return answerOf(await alerts.store.change({ id, version, next, nowMs: clock.nowMs() }, abort), id);
  },
});

const removeRoute = routeWithParams({
  ...described, method: 'DELETE', path: '/api/alerts/:id', summary: 'Removes a rule; what it came to stays.', params,
  query: noQuery, answers: { 204: { description: 'It is gone.' }, ...missing },
  answer: async ({ id }, { alerts, clock }, { abort }) => (
    await alerts.store.remove(id, clock.nowMs(), abort) ? { status: 204 } : answerOf('missing', id)),
});

const historyRoute = routeWithQuery({
  ...described, path: '/api/alerts/history', summary: 'What rules came to on bars, newest first.',
  query: Type.Object(page, { additionalProperties: false }),
  answers: { 200: { description: 'By the close of their bars.', body: alertPage } },
  answer: async (query, context, { abort }) => history(context, { ...query, ruleId: null }, abort),
});

const ruleHistoryRoute = routeWithParams({
  ...described, path: '/api/alerts/:id/history', summary: 'What one rule came to on bars, newest first.', params,
  query: Type.Object(page, { additionalProperties: false }),
  answers: { 200: { description: 'By the close of their bars; empty where there is no such rule.', body: alertPage } },
  answer: async ({ id, ...query }, context, { abort }) => history(context, { ...query, ruleId: id }, abort),
});

export const alertRoutes: readonly Route[] = [
  listRoute, historyRoute, findRoute, createRoute, changeRoute, removeRoute, ruleHistoryRoute,
];

interface HistoryAsked {
  readonly ruleId: string | null;
  readonly limit?: number;
  readonly cursor?: string;
}

async function history(
  { alerts: { store } }: RouteContext, { ruleId, limit = limitDefault, cursor }: HistoryAsked, abort: AbortSignal,
): Promise<Answer> {
  const behind = cursor === undefined ? null : placeOf(cursor);
  const alerts = await store.history({ ruleId, behind, limit }, abort);
  const last = alerts.at(-1);
  const next = last === undefined || alerts.length < limit ? null : cursorOf(last);
  return { status: 200, body: { alerts: alerts.map(alertOf), next } };
}

function cursorOf({ closeTimeMs, ruleId, ruleVersion, openTimeMs, barIndex }: HistoryPlace): string {
  return [closeTimeMs, ruleId, ruleVersion, openTimeMs, barIndex].join('_');
}

/** Times of bars are those of JavaScript: 8.64e15 ms are the last that a Date has. */
function placeOf(cursor: string): HistoryPlace {
  const parts = /^(-?\d{1,15})_([0-9a-f-]{36})_(\d{1,9})_(-?\d{1,15})_(\d{1,9})$/.exec(cursor);
  if (parts === null || !new RegExp(uuid.pattern).test(parts[2])) {
    throw new BadRequest('cursor', 'cursor: give what next of the page before said.');
  }
  const [, closeTimeMs, ruleId, ruleVersion, openTimeMs, barIndex] = parts;
  return {
    ruleId, closeTimeMs: Number(closeTimeMs), ruleVersion: Number(ruleVersion), openTimeMs: Number(openTimeMs),
    barIndex: Number(barIndex),
  };
}

type Before = Pick<ListedRule, 'threshold' | 'indicator'>;

function sharedOf({ threshold, indicator }: Before, condition: string): Before {
  return condition === 'crosses_indicator' ? { threshold: null, indicator } : { threshold, indicator: null };
}

function stateOf({ muted, isOver, last }: ListedRule): RuleState {
  if (muted) return 'muted';
  return isOver ? 'expired' : last?.state ?? 'active';
}

function shown(rule: ListedRule): Record<string, unknown> {
  const { id, version, venue, symbol, barSpec: spec, condition, threshold, indicator, note, muted, last } = rule;
  const timeOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));
  return {
    id, version, venue, symbol, spec, condition, threshold, indicator, words: alertWords(rule), note, muted,
    expires_at: timeOrNull(rule.expiresMs), state: stateOf(rule), valid_from: timeOrNull(rule.validFromMs),
    last: last === null ? null : { state: last.state, close_time: isoOf(last.closeTimeMs), value: last.value },
    created_at: isoOf(rule.createdMs), updated_at: isoOf(rule.updatedMs),
  };
}

function alertOf(alert: StoredAlert): Record<string, unknown> {
  const { venue, symbol, barSpec: spec, state, value } = alert;
  return {
    id: alertIdOf(alert), rule_id: alert.ruleId, rule_version: alert.ruleVersion, venue, symbol, spec,
    open_time: isoOf(alert.openTimeMs), close_time: isoOf(alert.closeTimeMs), bar_index: alert.barIndex, state, value,
    bar_state: alert.barState === 2 ? 'provisional' : 'closed', words: alertWords(alert), changed_at: isoOf(alert.changedMs),
    notified_at: alert.notifiedMs === null ? null : isoOf(alert.notifiedMs),
  };
}

function answerOf(outcome: ListedRule | 'missing' | 'stale', id: string): Answer {
  if (outcome === 'missing') return refusal(404, 'not-found', `There is no rule ${id}.`, 'id');
  if (outcome === 'stale') return refusal(409, 'conflict', `Rule ${id} was changed meanwhile; read it again.`, 'version');
  return { status: 200, body: shown(outcome) };
}
