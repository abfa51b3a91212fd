import { Type } from './json-schema.ts';
import { healthLimits } from './health.ts';
import { route } from './route.ts';
import type { Answer, Route } from './route.ts';
import type { RouteContext } from './context.ts';
import type { PipelineStatus } from '../model/status.ts';

const verdict = Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]);
const health = Type.Object({
  status: verdict,
  pipeline: Type.String(),
  phase: Type.String({ description: 'starting, running, draining or stopped.' }),
  rows: Type.Array(Type.Object({
    part: Type.String({
      description: 'pipeline, event-loop, source, kafka, lane, checkpoint, queue, sink, store, ledger or dead-letters.',
    }),
    name: Type.String(),
    status: verdict,
    message: Type.String({ description: 'What is and, where something is wrong, what to do.' }),
  })),
});
const probe = Type.Object({ status: Type.String(), message: Type.String() });

function answerHealth(context: RouteContext): Answer {
  const body = context.health();
  return { status: body.status === 'unhealthy' ? 503 : 200, body };
}

const described = {
  tag: 'health', open: true, limited: false,
  answers: {
    200: { description: 'It does its work; when degraded, some rows need a look.', body: health },
    503: { description: 'Somebody must act; the rows say on what.', body: health },
  },
} as const;

export const healthRoutes: readonly Route[] = [
  route({ ...described, path: '/health', summary: 'How every part of the pipeline is.', answer: answerHealth }),
  route({ ...described, path: '/api/health', summary: 'The same as /health.', answer: answerHealth }),
  route({
    ...described, path: '/health/live', summary: 'Whether the process is alive: it answers, so its loop turns.',
    answers: { 200: { description: 'It is.', body: probe } },
    answer: () => ({ status: 200, body: { status: 'alive', message: 'The process is alive.' } }),
  }),
  route({
    ...described, path: '/health/ready',
    summary: 'Whether it is at work: the database was reached and the sources read.',
    answers: {
      200: { description: 'It is.', body: probe },
      503: { description: 'It is not, or not any more.', body: probe },
    },
    answer: ({ pipeline }) => {
      const problem = unreadiness(pipeline.status());
      return problem === null
        ? { status: 200, body: { status: 'ready', message: 'The database was reached and the sources read.' } }
        : { status: 503, body: { status: 'not-ready', message: problem } };
    },
  }),
];

/** Why no work is done yet or any more, or null. A database that fails later is for /health to tell. */
function unreadiness(status: PipelineStatus): string | null {
  switch (status.phase) {
    case 'starting': return 'It is starting.';
    case 'draining': return 'It is shutting down.';
    case 'stopped': return 'It has stopped.';
    case 'running': break;
  }
  const failed = status.sources.find((source) => source.state === 'failed');
  if (failed !== undefined) return `The source ${failed.name} has failed.`;
  if (status.sink.state === 'starting') return 'The database has not been reached yet.';
  const waiting = status.sources.find((source) => source.state === 'starting');
  const patient = status.nowMs - status.startedAtMs <= healthLimits.sourceStartMsMax;
  return waiting !== undefined && patient ? `The source ${waiting.name} is starting.` : null;
}
