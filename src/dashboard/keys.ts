import { useEffect, useEffectEvent } from 'react';

/* Keys that work wherever nothing is being typed. A part of the page adds its own while it is shown. */

export interface KeyBinding {
  /** As KeyboardEvent.key has it: `/`, `ArrowLeft`. */
  readonly key: string;
  readonly does: string;
}

const listed = new Set<readonly KeyBinding[]>();

/** All that work at the moment, for the list that `?` shows. */
export function keysNow(): readonly KeyBinding[] {
  return [...listed].flat();
}

/** The list must be the same one from render to render; `press` may be another each time. */
export function useKeys(bindings: readonly KeyBinding[], press: (key: string) => void): void {
  const pressed = useEffectEvent(press);
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (!bindings.some(({ key }) => key === event.key)) return;
      event.preventDefault();
      pressed(event.key);
    };
    listed.add(bindings);
    addEventListener('keydown', listener);
    return () => {
      listed.delete(bindings);
      removeEventListener('keydown', listener);
    };
  }, [bindings]);
}

/** In a field keys are letters; in a dialog or menu they are its own. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const places = 'input, textarea, select, [role=dialog], [role=menu], [role=listbox]';
  return target.isContentEditable || target.closest(places) !== null;
}
