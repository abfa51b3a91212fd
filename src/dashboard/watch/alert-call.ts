import { useSyncExternalStore } from 'react';
import type { Turn } from './alert-news.ts';

/*
 * How somebody is called: by a notification of the browser, by a tone. Both only after they were switched on here, on this
 * machine; the browser asks on its own before the first notification.
 */

export interface Calls {
  readonly notifications: boolean;
  readonly sound: boolean;
}

const storageKey = 'mdp-calls';
const listeners = new Set<() => void>();
let calls = read();

function read(): Calls {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? '{}') as Partial<Calls>;
    return { notifications: kept.notifications === true, sound: kept.sound === true };
  } catch {
    return { notifications: false, sound: false };
  }
}

function setCalls(changed: Partial<Calls>): void {
  calls = { ...calls, ...changed };
  try {
    localStorage.setItem(storageKey, JSON.stringify(calls));
  } catch {
    // It holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

export function useCalls(): Calls {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => calls);
}

/** `unsupported` where the browser has none, or the page did not come over TLS or from this machine. */
export function notificationPermission(): NotificationPermission | 'unsupported' {
  return 'Notification' in window && isSecureContext ? Notification.permission : 'unsupported';
}

/** Asks the browser where it was not asked yet. Call it from a click. */
export async function switchNotifications(isOn: boolean): Promise<void> {
  if (!isOn || notificationPermission() === 'unsupported') return setCalls({ notifications: false });
  const permission = await Notification.requestPermission();
  setCalls({ notifications: permission === 'granted' });
}

/** Plays the tone when it is switched on: a browser lets a page sound only after a click. */
export function switchSound(isOn: boolean): void {
  setCalls({ sound: isOn });
  if (isOn) playTone('triggered');
}

/** More at once are told as a number. */
const toldOneByOneMax = 3;

/** Calls for what is new, as it was switched on. */
export function call(news: readonly Turn[], onOpen: () => void): void {
  const newest = news.at(-1);
  if (newest === undefined) return;
  if (calls.sound) playTone(newest.state);
  if (!calls.notifications || notificationPermission() !== 'granted') return;
  if (news.length > toldOneByOneMax) {
    notify({ title: `${news.length} alerts`, body: `The newest: ${newest.words}`, tag: 'mdp-alerts' }, onOpen);
    return;
  }
  for (const turn of news) notify({ ...wordsOf(turn), tag: `mdp-${turn.id}` }, onOpen);
}

/** A withdrawal takes the place of what it withdraws: they share the tag. */
function wordsOf({ state, symbol, words, value }: Turn): { readonly title: string; readonly body: string } {
  return state === 'triggered'
    ? { title: `Alert: ${words}`, body: `${symbol} came to ${value}.` }
    : { title: `Withdrawn: ${words}`, body: 'Late trades changed the bar; the condition was not met after all.' };
}

interface Note {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
}

function notify({ title, body, tag }: Note, onOpen: () => void): void {
  try {
    const shown = new Notification(title, { body, tag });
    shown.addEventListener('click', () => {
      window.focus();
      onOpen();
      shown.close();
    });
  } catch {
    // A phone shows notifications only of installed pages; the badge and the tone are there.
    setCalls({ notifications: false });
  }
}

let audio: AudioContext | null = null;

/** Two short tones, rising for an alert and falling for its withdrawal; made here, so there is no file to load. */
function playTone(state: Turn['state']): void {
  audio ??= new AudioContext();
  void audio.resume();
  const notes = state === 'triggered' ? [660, 880] : [520, 390];
  for (const [index, hertz] of notes.entries()) playNote(audio, hertz, audio.currentTime + 0.01 + index * 0.14);
}

/** 120 ms with soft ends: a note that is cut clicks. */
function playNote(audio: AudioContext, hertz: number, atSeconds: number): void {
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0, atSeconds);
  gain.gain.linearRampToValueAtTime(0.15, atSeconds + 0.02);
  gain.gain.linearRampToValueAtTime(0, atSeconds + 0.12);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(atSeconds);
  oscillator.stop(atSeconds + 0.13);
}
