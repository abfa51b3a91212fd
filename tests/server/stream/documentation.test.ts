import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import type { ClientMessage, ServerMessage } from '../../../src/model/stream.ts';
import { channelOf } from '../../../src/server/stream/channel-text.ts';
import { ClientMessages, type Check } from '../../../src/server/stream/client-messages.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const page = readFileSync(path.join(root, 'docs/api.md'), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text) as { type: string });

const ofServer: Readonly<Record<ServerMessage['type'], true>> = {
  hello: true, subscribed: true, unsubscribed: true, conflated: true, refused: true, snapshot: true, update: true, bye: true,
};
const ofClient: Readonly<Record<ClientMessage['type'], true>> = { subscribe: true, unsubscribe: true, conflate: true, resync: true };

describe('docs/api.md', () => {
  it('has an example of every message, and of no other', () => {
    expect(examples.map(({ type }) => type).sort()).toEqual([...Object.keys(ofServer), ...Object.keys(ofClient)].sort());
  });

  it('has no example of a client that the server would refuse, and one of what it refuses as it does', () => {
    const messages = new ClientMessages((schema) => {
      const compiled = Compile(schema);
      const check: Check = (value) => {
        check.errors = compiled.Check(value) ? null : compiled.Errors(value);
        return check.errors === null;
      };
      return check;
    });
    const clients = examples.filter(({ type }) => Object.hasOwn(ofClient, type));
    for (const example of clients) expect(messages.read(JSON.stringify(example))).toEqual(example);
    expect(messages.read('{"type":"sell","id":1}')).toMatchObject({ type: 'refused', code: 'bad-message', field: 'type' });
  });

  it('names everything that an update can hold', () => {
    const source = readFileSync(path.join(root, 'src/model/stream.ts'), 'utf8');
    const fields = [...source.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field);
    expect(fields.length).toBeGreaterThan(60);
    expect(fields.filter((field) => !page.includes(`"${field}"`))).toEqual([]);
  });

  it('has commands whose channels are such', () => {
    const channels = [...page.matchAll(/[?&]channel=([\w:.-]+)/g)].map(([, text]) => channelOf(text));
    expect(channels.map(({ channel }) => channel)).toEqual(['bars', 'health']);
  });
});
