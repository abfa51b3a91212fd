import { ApiError } from './api.ts';
import type { Api } from './api.ts';
import { rootUrl } from './places.ts';
import type { Wire, WireEvents } from './stream.ts';

/*
 * The WebSocket of the page. A browser cannot send a header with it, and a key does not belong into an address that a
 * proxy writes down: the page asks for a ticket first, with its key, and the address holds the ticket.
 */

interface Ticket {
  readonly ticket: string | null;
}

export function openSocket(api: Api, events: WireEvents): Wire {
  const abort = new AbortController();
  let socket: WebSocket | null = null;
  void open();

  async function open(): Promise<void> {
    try {
      const { ticket } = await api.ask<Ticket>('api/stream/tickets', { method: 'POST', signal: abort.signal });
      if (!abort.signal.aborted) connect(ticket);
    } catch (error) {
      if (abort.signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) events.locked();
      else events.closed();
    }
  }

  function connect(ticket: string | null): void {
    const url = new URL('api/stream', rootUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (ticket !== null) url.searchParams.set('ticket', ticket);
    socket = new WebSocket(url);
    socket.addEventListener('message', ({ data }) => events.heard(String(data)));
    socket.addEventListener('close', () => events.closed());
  }

  return {
    send: (text) => { if (socket?.readyState === WebSocket.OPEN) socket.send(text); },
    close: () => {
      abort.abort();
      socket?.close();
    },
  };
}
