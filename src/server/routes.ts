import { alertRoutes } from './alert-routes.ts';
import { barRoutes } from './bar-routes.ts';
import { dataRoutes } from './data-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { positionRoutes } from './position-routes.ts';
import { metricsRoutes, statusRoute } from './program-routes.ts';
import type { Route } from './route.ts';
import { ticketRoute } from './stream/ticket-route.ts';
import { topicRoutes } from './topic-routes.ts';

/** What the OpenAPI document describes beside health and metrics. A route that is added anywhere is added here. */
export const apiRoutes: readonly Route[] = [
  statusRoute, ...barRoutes, ...dataRoutes, ...topicRoutes, ticketRoute, ...positionRoutes, ...alertRoutes,
];

/** What a second listener has too. */
export const monitorRoutes = ({ hasMetrics }: { readonly hasMetrics: boolean }): readonly Route[] => (
  [...healthRoutes, ...(hasMetrics ? metricsRoutes : [])]);
