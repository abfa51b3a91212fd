import type { Mutant } from './list.ts';

const socket = { test: 'tests/server/stream/socket.test.ts' };
const client = { ...socket, file: 'src/server/stream/socket-client.ts' };
const beside = { test: 'tests/acceptance/kafka/serve.test.ts' };

/** Faults of the live stream's doors, and of the process that only looks on. */
export const streamMutants: readonly Mutant[] = [
  {
    ...socket, file: 'src/server/stream/tickets.ts', name: 'a ticket that opens two streams',
    find: '    this.#given = this.#given.filter((given) => given !== found);\n', replace: '',
    shows: 'may use a ticket once, for the stream only, and gets one only with the key',
  },
  {
    file: 'src/server/stream/tickets.ts', test: 'tests/server/stream/tickets.test.ts', name: 'a ticket that lasts',
    find: 'untilMs > nowMs', replace: 'untilMs > nowMs - 1',
    shows: 'is worth something once, and for 30 s',
  },
  {
    ...socket, file: 'src/server/guard.ts', name: 'a ticket that opens everything',
    find: "flagsOf(request).ticketed !== true || typeof query", replace: 'typeof query',
    shows: 'may use a ticket once, for the stream only, and gets one only with the key',
  },
  {
    ...socket, file: 'src/server/stream/add-stream.ts', name: 'pages of every origin on the stream',
    find: 'if (!mayChange(origin, { host, isKeyed: keys.areAskedFor, settings })) {', replace: 'if (origin === "" && !mayChange(origin, { host, isKeyed: keys.areAskedFor, settings })) {',
    shows: 'is a page of our own host, a listed origin, and every program',
  },
  {
    ...socket, file: 'src/server/stream/live-stream.ts', name: 'one client too many',
    find: 'this.#clients.size >= this.#options.settings.clients_max', replace: 'this.#clients.size > this.#options.settings.clients_max',
    shows: 'is nobody more than stream.clients_max, and told so before the upgrade',
  },
  {
    ...client, name: 'a dead client that stays',
    find: 'if (!this.#isAnswering || !this.#isOpen) return this.terminate();', replace: 'if (!this.#isOpen) return this.terminate();',
    shows: 'is cut off when it has not answered a heartbeat by the next',
  },
  {
    ...client, name: 'a client that the hub never lets go',
    find: '    this.#isOpen = false;\n    this.#live.close();', replace: '    this.#isOpen = false;',
    shows: 'is gone from the hub when it goes, however it goes',
  },
  {
    ...client, name: 'pings without an end',
    find: 'if (this.#budget.take(this.#parts.stream.nowMs)) this.#parts.socket.pong(data);', replace: 'if (data.length < 126) this.#parts.socket.pong(data);',
    shows: 'ends the client with a bye when good ones or pings come by the hundred',
  },
  {
    ...client, name: 'a stream that outlives its key',
    find: 'if (!isAllowed()) return', replace: 'if (!isAllowed() && socket.bufferedAmount > 0) return',
    shows: 'whose key does not count any more is sent away',
  },
  {
    ...client, test: 'tests/server/stream/fuzz.test.ts', name: 'a message that is obeyed unread',
    find: "    const read = this.#parts.messages.read(text);", replace: "    const read = JSON.parse(text) as ReturnType<ClientMessages['read']>;",
    shows: 'is answered or ends the client, and leaves nothing behind: random bytes as a text or not',
  },
  {
    ...socket, file: 'src/server/stream/live-stream.ts', name: 'a client that holds up the end',
    find: 'for (const client of this.#clients) client.terminate();', replace: 'await new Promise(() => {});',
    shows: 'is told to every client, and none can hold it up',
  },
  {
    file: 'src/server/stream/event-client.ts', test: 'tests/server/stream/events.test.ts', name: 'a script that takes nothing and stays',
    find: 'if (isStuck || !this.#isOpen) return this.terminate();', replace: 'if (isStuck && !this.#isOpen) return this.terminate();',
    shows: 'are cut off where the client takes nothing between two heartbeats',
  },
  {
    file: 'src/server/stream/health-figures.ts', test: 'tests/server/stream/health.test.ts', name: 'rates since the start',
    find: 'const grown = count(now) - (before === null ? 0 : count(before));', replace: 'const grown = count(now);',
    shows: 'has the rates of the time since the last one',
  },
  {
    ...beside, file: 'src/sources/kafka.ts', name: 'a process that looks on in the group of those who work',
    find: 'return this.#isGuest ? `${group}.serve.${this.#ownId}` : group;', replace: 'return group;',
    shows: 'changes nothing in the database, and nothing of the group of run',
  },
  {
    ...beside, file: 'src/commands/build-pipeline.ts', name: 'a process that looks on and takes lanes',
    find: 'const { start, state, storedBars } = looksOn === undefined ? await', replace: 'const { start, state, storedBars } = looksOn === undefined || lane.name !== "" ? await',
    shows: 'shows the bars that run shows, forming and closed ones, and they are those that run stores',
  },
  {
    ...beside, file: 'src/commands/look-at-lanes.ts', name: 'a process that looks on and forgets what was open',
    find: 'state: checkpoint?.state ?? null, storedBars: [],', replace: 'state: null, storedBars: [],',
    shows: 'shows the bars that run shows, forming and closed ones, and they are those that run stores',
  },
];
