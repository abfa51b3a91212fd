import { describe, expect, it } from 'vitest';
import { Tickets, ticketMsMax } from '../../../src/server/stream/tickets.ts';

describe('a ticket', () => {
  it('is worth something once, and for 30 s', () => {
    let nowMs = 1_000;
    const tickets = new Tickets(() => nowMs);
    const [first, second] = [tickets.give('desk'), tickets.give('other')];
    expect(first.expiresMs).toBe(31_000);
    expect(ticketMsMax).toBe(30_000);
    nowMs = 30_999;
    expect(tickets.take(second.ticket)?.keyName).toBe('other');
    expect(tickets.take(second.ticket)).toBeNull();
    nowMs = 31_000;
    expect(tickets.take(first.ticket)).toBeNull();
  });

  it('has 128 random bits, no two alike', () => {
    const tickets = new Tickets(() => 0);
    const given = Array.from({ length: 500 }, () => tickets.give(null).ticket);
    expect(new Set(given).size).toBe(500);
    expect(given.every((ticket) => Buffer.from(ticket, 'base64url').length === 16)).toBe(true);
  });

  it('is one of at most a thousand: the oldest is worth nothing any more', () => {
    const tickets = new Tickets(() => 0);
    const given = Array.from({ length: 1_001 }, () => tickets.give(null).ticket);
    expect(tickets.take(given[0])).toBeNull();
    expect(tickets.take(given[1])).not.toBeNull();
    expect(tickets.take(given[1_000])).not.toBeNull();
  });

  it.each([undefined, null, '', 'x', 'A'.repeat(22), 'A'.repeat(100_000), ['a'], 5, {}])('is not %s', (text) => {
    const tickets = new Tickets(() => 0);
    tickets.give('desk');
    expect(tickets.take(text)).toBeNull();
  });
});
