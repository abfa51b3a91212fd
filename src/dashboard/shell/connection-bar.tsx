import Button from '@mui/material/Button';
import { timeText } from '../format.ts';
import { usePreferences, zoneName } from '../preferences.ts';
import { useSession, useStreamState } from '../session.tsx';

/** While the connection is lost: since when, what the page does about it, and what to look at. */
export function ConnectionBar() {
  const state = useStreamState();
  const { stream } = useSession();
  const preferences = usePreferences();
  if (state.name === 'open' || state.name === 'locked' || state.lostMs === null) return <div role="status" />;
  const since = timeText(state.lostMs, zoneName(preferences), 'time');
  const words = state.name === 'waiting' ? state.words : null;
  return (
    <div role="status" className="connection-bar">
      <span>
        <b>Disconnected since {since}.</b> {words === null ? '' : `${words} `}This page tries again every few
        seconds, and fetches what it has missed when it is back. If this lasts, see whether the daemon runs.
      </span>
      <Button color="inherit" onClick={() => stream.unlock()}>Try now</Button>
    </div>
  );
}
