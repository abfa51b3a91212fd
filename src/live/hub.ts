import type { BarColumns } from '../model/bar.ts';
import type { BarSpec } from '../model/bar-spec.ts';
import type { Clock } from '../model/clock.ts';
import type { Gap } from '../model/gap.ts';
import type { IndicatorColumns, IndicatorLine } from '../model/indicator.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { Lane } from '../model/lane.ts';
import type { LaneView, LiveListener, LiveStatus, SnapshotReason } from '../model/live.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { StreamAlert, StreamHealth } from '../model/stream.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import { Alarm } from '../pacing/alarm.ts';
import { Audiences } from './audience.ts';
import { BodyWriter } from './body-writer.ts';
import { Changes } from './changes.ts';
import type { ClientOutlet, LiveClient, LiveHubView } from './client.ts';
import type { FeedContext } from './feed.ts';
import { FeedBook } from './feed-book.ts';
import { HubClient, type ClientParts } from './hub-client.ts';
import { LaneWatch } from './lane-watch.ts';
import { QuoteBoard } from './quote-board.ts';
import { RecentRows } from './recent-rows.ts';
import type { streamSettings } from './settings.ts';

export interface LiveHubOptions {
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  readonly indicatorLines: readonly IndicatorLine[];
  readonly clock: Clock;
  readonly settings: Pick<ValuesOf<typeof streamSettings>, 'conflate_ms' | 'subscriptions_max' | 'buffer_bytes'>;
  /** Told of each update to each client: how long ago the newest tick in it was read. */
  readonly onUpdate?: (lagSeconds: number) => void;
}

/** Of a bar of the spec that prices are compared to. */
export interface StoredClose {
  readonly venue: string;
  readonly symbol: string;
  readonly openMs: number;
  readonly close: number;
}

/**
 * Lanes fold nothing while clients are told: a thousand of them, due at once, would hold them up for 30 ms. This much is
 * made and handed over in some 2 ms; then lanes and sockets have their turn.
 */
const turnBytesMax = 1_048_576;

/** Rows that are not told to all clients yet, all feeds together: some 30,000 bars. */
const recentBytesMax = 16_777_216;

/**
 * What lanes fold, as messages to clients. A change is noted once, under a number that grows, whoever wants it; it is
 * encoded once, when the first client is told. A client has only the number up to which it has been told.
 *
 *   lanes ─▶ feeds (a channel each) ─▶ audiences (clients with the same channels) ─▶ clients ─▶ their outlets
 *
 * Everything happens in the call that brings a change, or when a client that was told lately may be told again.
 */
export class LiveHub implements LiveListener, LiveHubView {
  readonly #options: LiveHubOptions;
  readonly #changes = new Changes();
  readonly #lanes = new LaneWatch();
  readonly #board: QuoteBoard;
  readonly #recent = new RecentRows(recentBytesMax);
  readonly #book: FeedBook;
  readonly #clients = new Set<HubClient>();
  readonly #parts: ClientParts;
  readonly #alarm: Alarm;
  readonly #snapshots: Record<SnapshotReason, number> = { subscribe: 0, resync: 0, slow: 0 };
  #messages = 0;
  /** No client can be told anything before this; -Infinity where one can be at once. */
  #nextTurnMs = -Infinity;
  /** Our clock when the newest ticks were read. */
  #readAtMs = 0;

  constructor(options: LiveHubOptions) {
    const { instruments, specs, indicatorLines, clock, settings } = options;
    this.#options = options;
    this.#board = new QuoteBoard(specs);
    const context: FeedContext = {
      instruments, changes: this.#changes, recent: this.#recent, lanes: this.#lanes, board: this.#board,
    };
    const names = { specs: specs.map(({ name }) => name), lines: indicatorLines };
    this.#book = new FeedBook(context, names);
    const written = { changes: this.#changes, writer: new BodyWriter() };
    this.#parts = {
      names, book: this.#book, audiences: new Audiences(written), ...written, nowMs: () => clock.nowMs(),
      conflateMs: settings.conflate_ms, subscriptionsMax: settings.subscriptions_max, bufferBytes: settings.buffer_bytes,
      onMessage: () => this.#noteMessage(),
      onSnapshot: (reason) => this.#snapshots[reason]++,
      onUpdate: (since) => this.#noteLag(since),
      onClosed: (client) => this.#clients.delete(client),
    };
    this.#alarm = new Alarm(clock, () => this.#turn());
  }

  get status(): LiveStatus {
    let subscriptions = 0;
    for (const client of this.#clients) subscriptions += client.subscriptions;
    return { clients: this.#clients.size, subscriptions, messages: this.#messages, snapshots: { ...this.#snapshots } };
  }

  connect(outlet: ClientOutlet): LiveClient {
    const client = new HubClient(outlet, this.#parts);
    this.#clients.add(client);
    return client;
  }

  publishAlerts(alerts: readonly StreamAlert[]): void {
    if (alerts.length === 0) return;
    this.#changes.next();
    for (const alert of alerts) this.#book.putAlert(alert);
    this.#turn();
  }

  publishHealth(health: StreamHealth): void {
    this.#changes.next();
    this.#book.putHealth(health);
    this.#turn();
  }

  /** The bar spec whose closes prices are compared to. */
  get daySpec(): string {
    return this.#board.daySpec;
  }

  /** A close of that spec that is stored: quotes know it before a bar of this run has closed. */
  seedClose({ venue, symbol, openMs, close }: StoredClose): void {
    const instrument = this.#options.instruments.find(venue, symbol);
    if (instrument !== -1) this.#board.takeDay(instrument, openMs, close);
  }

  laneOpened(view: LaneView): void {
    this.#lanes.open(view);
    this.#touchBars();
  }

  laneClosed(lane: Lane): void {
    this.#lanes.close(lane);
    this.#touchBars();
  }

  ticksFolded(view: LaneView, ticks: TickBatch): void {
    this.#book.findNew();
    this.#board.take(ticks, this.#changes.next(), { view, lanes: this.#lanes });
    this.#readAtMs = ticks.receivedTimeMs;
    this.#book.putTicks(ticks);
  }

  barsEmitted(_: LaneView, rows: BarColumns): void {
    this.#book.findNew();
    this.#changes.next();
    this.#board.takeBars(rows);
    this.#book.putBars(rows);
  }

  valuesEmitted(_: LaneView, rows: IndicatorColumns): void {
    this.#book.findNew();
    this.#changes.next();
    this.#book.putValues(rows);
  }

  gapRecorded(_: LaneView, gap: Gap): void {
    this.#changes.next();
    this.#book.putGap(gap);
  }

  settled(): void {
    if (this.#clients.size > 0 && this.#options.clock.nowMs() >= this.#nextTurnMs) this.#turn();
  }

  /**
   * Clients that are due are told, in turn, until it is enough for once; what all have been told is let go; and the rest is
   * told when its time comes.
   */
  #turn(): void {
    const nowMs = this.#options.clock.nowMs();
    const told = this.#tellClients(nowMs);
    let [toldUntil, nextMs, wakeMs] = [Infinity, Infinity, told < turnBytesMax ? Infinity : nowMs + 1];
    for (const client of this.#clients) {
      toldUntil = Math.min(toldUntil, client.toldUntil);
      nextMs = Math.min(nextMs, client.dueAtMs);
      if (client.dueAtMs > nowMs) wakeMs = Math.min(wakeMs, client.dueAtMs);
    }
    this.#nextTurnMs = nextMs;
    this.#recent.toldUntil(toldUntil);
    this.#book.toldUntil(toldUntil);
    if (wakeMs < Infinity) this.#alarm.set(wakeMs, nowMs);
  }

  /** How many bytes that were. Who has been told is the last in the next turn. */
  #tellClients(nowMs: number): number {
    let bytes = 0;
    let left = this.#clients.size;
    for (const client of this.#clients) {
      if (left-- === 0 || bytes >= turnBytesMax) break;
      const sent = client.turn(nowMs);
      if (sent === 0) continue;
      bytes += sent;
      this.#clients.delete(client);
      this.#clients.add(client);
    }
    return bytes;
  }

  /** Whoever asks for something is answered: from then on others may be due than the last turn has seen. */
  #noteMessage(): void {
    this.#messages++;
    this.#nextTurnMs = -Infinity;
  }

  #touchBars(): void {
    this.#changes.next();
    this.#book.touchBars();
  }

  #noteLag(since: number): void {
    if (this.#board.lastChange <= since) return;
    this.#options.onUpdate?.(Math.max(0, this.#options.clock.nowMs() - this.#readAtMs) / 1_000);
  }
}
