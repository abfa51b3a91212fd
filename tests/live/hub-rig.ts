import type { BarColumns } from '../../src/model/bar.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import type { Gap } from '../../src/model/gap.ts';
import type { IndicatorColumns } from '../../src/model/indicator.ts';
import type { LaneView } from '../../src/model/live.ts';
import type { Channel, ServerMessage, StreamBar, StreamValue } from '../../src/model/stream.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import { linesOf, parseIndicators } from '../../src/operators/indicators/parse.ts';
import { LiveLane } from '../../src/operators/live-lane.ts';
import type { ClientOutlet, LiveClient } from '../../src/live/client.ts';
import { LiveHub } from '../../src/live/hub.ts';
import { dawn, FoldRig, type RigOptions, type TestBar, type TestValue } from '../operators/fold-rig.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const stateWords = ['', 'forming', 'provisional', 'closed'] as const;
const qualityWords = ['complete', 'partial', 'gap'] as const;

export interface LiveRigOptions extends RigOptions {
  readonly conflateMs?: number;
  readonly bufferBytes?: number;
  readonly subscriptionsMax?: number;
}

/** The operators of one lane with a hub that listens, as a lane's runner and row batcher tell it. */
export class LiveRig extends FoldRig {
  readonly clock = new VirtualClock(dawn);
  readonly hub: LiveHub;
  readonly lags: number[] = [];
  readonly view: LaneView;

  constructor({ conflateMs = 0, bufferBytes = 262_144, subscriptionsMax = 500, ...options }: LiveRigOptions = {}) {
    super(options);
    const specs = parseBarSpecs(this.specs);
    this.view = new LiveLane({ lane: this.lane, bars: this.timeBars, indicators: this.laneIndicators, listener: null });
    this.hub = new LiveHub({
      instruments: this.instruments, specs, indicatorLines: linesOf(parseIndicators(options.indicators ?? [], specs)),
      clock: this.clock, onUpdate: (seconds) => this.lags.push(seconds),
      settings: { conflate_ms: conflateMs, buffer_bytes: bufferBytes, subscriptions_max: subscriptionsMax },
    });
    this.hub.laneOpened(this.view);
  }

  override takeBatch(batch: TickBatch): this {
    const admitted = this.admission.admit(batch, this);
    this.timeBars.onBatch(admitted, this);
    this.laneIndicators.onBatch(admitted, this);
    if (admitted.length > 0) this.hub.ticksFolded(this.view, admitted);
    this.hub.settled();
    return this;
  }

  override takeGap(gap: Partial<Gap> & { fromMs: number; untilMs: number }): this {
    super.takeGap(gap);
    this.hub.settled();
    return this;
  }

  override tellTime(nowMs: number): this {
    super.tellTime(nowMs);
    this.hub.settled();
    return this;
  }

  override end(): this {
    super.end();
    this.hub.settled();
    return this;
  }

  override bars(block: BarColumns): void {
    super.bars(block);
    this.hub.barsEmitted(this.view, block);
  }

  override indicators(block: IndicatorColumns): void {
    super.indicators(block);
    this.hub.valuesEmitted(this.view, block);
  }

  override gap(gap: Gap): void {
    super.gap(gap);
    this.hub.gapRecorded(this.view, gap);
  }

  connect(): TestClient {
    return new TestClient(this);
  }
}

export function barChannel(symbol: string, spec: string, venue = 'venue'): Channel {
  return { channel: 'bars', venue, symbol, spec };
}

/** A row of the operators as the stream has it. */
export function streamed(bar: TestBar): StreamBar {
  return {
    venue: bar.venue, symbol: bar.symbol, spec: bar.spec, open_ms: dawn + bar.openAt, close_ms: dawn + bar.closeAt,
    bar_index: 0, open: bar.open, high: bar.high, low: bar.low, close: bar.close, volume: bar.volume, notional: bar.notional,
    trades: bar.trades, buy_volume: bar.buyVolume, sell_volume: bar.sellVolume,
    state: stateWords[bar.state] as StreamBar['state'], quality: qualityWords[bar.quality], revision: bar.revision,
    whole: bar.whole,
  };
}

export function streamKey({ venue, symbol, spec, open_ms: openMs }: StreamBar): string {
  return JSON.stringify([venue, symbol, spec, openMs]);
}

export function valueStreamKey({ venue, symbol, spec, indicator, open_ms: openMs }: StreamValue): string {
  return JSON.stringify([venue, symbol, spec, indicator, openMs]);
}

/** A value of the operators as the stream has it. */
export function streamedValue(value: Omit<TestValue, 'position' | 'again'>): StreamValue {
  return {
    venue: value.venue, symbol: value.symbol, spec: value.spec, indicator: value.indicator, open_ms: dawn + value.openAt,
    bar_index: 0, value: value.value, state: stateWords[value.state] as StreamBar['state'],
    quality: qualityWords[value.quality], revision: value.revision,
  };
}

/** A client that puts together what it is sent, and a wire that takes everything at once, unless it is `stuck`. */
export class TestClient implements ClientOutlet {
  readonly messages: ServerMessage[] = [];
  readonly bars = new Map<string, StreamBar>();
  readonly values = new Map<string, StreamValue>();
  /** How many rows the operators had emitted when it was last sent everything. */
  rowsAtSnapshot = 0;
  /** The same of values. */
  valuesAtSnapshot = 0;
  isStuck = false;
  bufferedBytes = 0;
  bytesMax = 0;
  readonly client: LiveClient;
  readonly #rig: LiveRig;
  #seq = 0;
  readonly holes: number[] = [];
  /** Snapshots that left out a number: it was told that it has missed something. */
  missed = 0;
  #idNext = 1;

  constructor(rig: LiveRig) {
    this.#rig = rig;
    this.client = rig.hub.connect(this);
  }

  subscribe(...channels: Channel[]): this {
    this.client.subscribe(this.#idNext++, channels);
    return this;
  }

  send(json: Buffer): void {
    if (this.isStuck) this.bufferedBytes += json.length;
    this.bytesMax = Math.max(this.bytesMax, this.bufferedBytes);
    const message = JSON.parse(json.toString()) as ServerMessage;
    this.messages.push(message);
    if (message.type !== 'snapshot' && message.type !== 'update') return;
    const isMissing = message.type === 'snapshot' && message.seq === this.#seq + 2;
    if (isMissing) this.missed++;
    else if (message.seq !== this.#seq + 1) this.holes.push(message.seq);
    this.#seq = message.seq;
    if (message.type === 'snapshot') {
      this.rowsAtSnapshot = this.#rig.rows.length;
      this.valuesAtSnapshot = this.#rig.values.length;
    }
    for (const bar of message.changes.bars ?? []) this.bars.set(streamKey(bar), bar);
    for (const value of message.changes.values ?? []) this.values.set(valueStreamKey(value), value);
  }

  /** The wire takes all that waits. */
  drain(): void {
    this.isStuck = false;
    this.bufferedBytes = 0;
    this.client.drained();
  }

  /** Messages since the last call. */
  take(): ServerMessage[] {
    return this.messages.splice(0);
  }

  takeChanges(): Extract<ServerMessage, { type: 'update' | 'snapshot' }>[] {
    return this.take().filter((message) => message.type === 'update' || message.type === 'snapshot');
  }
}
