import { useState } from 'react';

/** Asks once more, in its own place, and forgets that it asked when the pointer or the focus has gone on. */
export function RemoveButton({ name, onRemove }: { readonly name: string; readonly onRemove: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const press = (): void => {
    if (isAsking) onRemove();
    setAsking(!isAsking);
  };
  return (
    <button type="button" className={`row-button ${isAsking ? 'act' : ''}`}
      aria-label={`${isAsking ? 'Really delete' : 'Delete'} ${name}`} onBlur={() => setAsking(false)} onClick={press}
    >
      {isAsking ? 'Really?' : 'Delete'}
    </button>
  );
}
