import { MdpError } from './errors.ts';
import type { Settings, ValuesOf } from './model/setting.ts';

/** Places where a test makes the process die, stand still or throw: what a crash there leaves behind must be right. */
export const failPoints = {
  'after-copy': 'The bars of a transaction are with the server, in the table or in its staging; the transaction is open.',
  'before-commit': 'Every row of a transaction is with the server; the fence and COMMIT have not been sent.',
  'after-commit': 'The server has answered COMMIT; nobody here has counted it yet.',
  'before-marker': "A lane's rows are in its sink queues, the checkpoint marker behind them is not yet.",
  'before-checkpoint': 'The rows ahead of a marker are committed; the checkpoint row is not written yet.',
  'after-checkpoint': 'The checkpoint row is committed; nobody here has counted it yet.',
  'during-restore': 'A lane has read its checkpoint and has restored a part of its state.',
} as const;

export type FailPoint = keyof typeof failPoints;

type Hooks = Readonly<Partial<Record<FailPoint, () => void>>>;

/** Armed for the whole process: a crash is one of the process, too. */
let armed: Hooks | null = null;

/** Marks a place. Costs one comparison with null unless something is armed; throws what an armed hook throws. */
export function failPoint(name: FailPoint): void {
  if (armed !== null) armed[name]?.();
}

/** Calls a hook at every passing of its point, in place of all that was armed before. A hook may throw. */
export function armFailPoints(hooks: Hooks): void {
  armed = hooks;
}

export function disarmFailPoints(): void {
  armed = null;
}

const form = 'For tests of the program itself: a fail point and which of its passings, as `after-copy:3`. Empty: never.';

export const faultSettings = {
  kill_at: { type: 'text', default: '', doc: `Where the process kills itself with SIGKILL. ${form}` },
  hang_at: { type: 'text', default: '', doc: `Where the event loop stands still for ever. ${form}` },
  stand_at: { type: 'text', default: '', doc: `Where the event loop stands still for faults.stand_ms. ${form}` },
  stand_ms: {
    type: 'integer', default: 40_000, min: 0, max: 3_600_000,
    doc: 'For tests of the program itself: how long the event loop stands still at faults.stand_at, in ms.',
  },
  throw_at: { type: 'text', default: '', doc: `Where an error is thrown that nothing catches. ${form}` },
  exhaust_at: { type: 'text', default: '', doc: `Where memory is taken until the heap is full. ${form}` },
} as const satisfies Settings;

type FaultValues = ValuesOf<typeof faultSettings>;
type FaultKey = Exclude<keyof FaultValues, 'stand_ms'>;

const faults: Readonly<Record<FaultKey, (settings: FaultValues) => void>> = {
  kill_at: () => { process.kill(process.pid, 'SIGKILL'); },
  hang_at: () => { for (;;); },
  stand_at: ({ stand_ms }) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stand_ms); },
  throw_at: () => {
    queueMicrotask(() => { throw new Error('A fault of the program, made by faults.throw_at.'); });
  },
  exhaust_at: () => {
    for (const taken: object[] = []; ; taken.push({ at: taken.length }));
  },
};

/** The point and the passing that a setting names, or null where it is empty. Throws MdpError `config-invalid`. */
export function readFault(text: string): { readonly point: FailPoint; readonly passing: number } | null {
  if (text === '') return null;
  const [, point, passing] = /^([a-z-]+):([1-9]\d{0,8})$/.exec(text) ?? ['', '', ''];
  if (isFailPoint(point)) return { point, passing: Number(passing) };
  throw new MdpError('config-invalid', 'write a fail point and which of its passings, as after-copy:3; the points are ' +
    `${Object.keys(failPoints).join(', ')}.`);
}

function isFailPoint(name: string): name is FailPoint {
  return Object.hasOwn(failPoints, name);
}

/** Arms what the settings ask for; with none set it arms nothing. Throws MdpError `config-invalid`. */
export function armFaults(settings: FaultValues): void {
  const hooks: Partial<Record<FailPoint, () => void>> = {};
  for (const key of Object.keys(faults) as FaultKey[]) {
    const wanted = readFault(settings[key]);
    if (wanted === null) continue;
    const earlier = hooks[wanted.point];
    let left = wanted.passing;
    hooks[wanted.point] = () => {
      earlier?.();
      left--;
      if (left === 0) faults[key](settings);
    };
  }
  if (Object.keys(hooks).length > 0) armFailPoints(hooks);
}
