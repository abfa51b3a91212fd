import { Type } from './json-schema.ts';
import type { RouteContext } from './context.ts';
import { route } from './route.ts';
import type { Answer, Route } from './route.ts';

async function answerMetrics({ metrics, pipeline }: RouteContext): Promise<Answer> {
  return { status: 200, body: await metrics.scrape(pipeline), type: metrics.contentType };
}

const described = {
  tag: 'metrics', open: true, limited: false,
  answers: { 200: { description: 'Prometheus text; docs/metrics.md tells every name.', type: 'text/plain' } },
} as const;

export const metricsRoutes: readonly Route[] = [
  route({ ...described, path: '/metrics', summary: 'All metrics.', answer: answerMetrics }),
  route({ ...described, path: '/api/metrics', summary: 'The same as /metrics.', answer: answerMetrics }),
];

export const statusRoute: Route = route({
  path: '/api/status', tag: 'data', open: false, limited: true,
  summary: 'Every count of the pipeline as it is at this moment, both ledgers included.',
  answers: {
    200: {
      description: 'Plain numbers; times are ms since 1970 UTC.',
      body: Type.Object({
        version: Type.String(),
        configDigest: Type.String({ description: 'Equal for equal configurations; secrets are not part of it.' }),
      }, { additionalProperties: true }),
    },
  },
  answer: ({ pipeline, version, configDigest }) => (
    { status: 200, body: { version, configDigest, ...pipeline.status() } }),
});
