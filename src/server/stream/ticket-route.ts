import { Type } from '../json-schema.ts';
import type { Route } from '../route.ts';

/** Answers a ticket for one stream. The key that it was asked with is the one of the stream. */
export const ticketRoute: Route = {
  method: 'POST', path: '/api/stream/tickets', tag: 'data', open: false, limited: true, query: null,
  summary: 'A ticket that opens one stream, once, within 30 s: for browsers, which can send no key there.',
  answers: {
    201: {
      description: 'Open /api/stream?ticket=… with it.',
      body: Type.Object({
        ticket: Type.String(),
        expires_ms: Type.Integer({ description: 'Our clock, ms since 1970 UTC: worth nothing from then on.' }),
      }),
    },
  },
  answer: (_asked, { tickets }, { keyName }) => {
    const { ticket, expiresMs } = tickets.give(keyName);
    return { status: 201, body: { ticket, expires_ms: Math.floor(expiresMs) } };
  },
};
