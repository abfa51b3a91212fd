import Dialog from '@mui/material/Dialog';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import { keysNow } from '../keys.ts';
import { rootUrl } from '../places.ts';
import { useStreamState } from '../session.tsx';

const marks = [
  ['hollow', 'Forming: its window is open, it changes with every trade.'],
  ['dashed border', 'Provisional: the clock closed it, later trades may still change it.'],
  ['dot with a count', 'Revised: so many late trades were taken after it was closed.'],
  ['half-tone', 'Partial: the first bar after a start, its beginning was not seen.'],
  ['hatched band', 'Gap: data is missing here. Point at it for the reason.'],
] as const;

export function HelpDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog open={isOpen} onClose={onClose} maxWidth="sm" fullWidth aria-labelledby="help-title">
      <DialogTitle id="help-title">Keys, marks and what this is</DialogTitle>
      <DialogContent className="help">
        {isOpen ? <Keys /> : null}
        <h3>What a chart shows of its data</h3>
        <dl className="marks">
          {marks.map(([mark, meaning]) => <div key={mark}><dt>{mark}</dt><dd>{meaning}</dd></div>)}
        </dl>
        <About />
      </DialogContent>
    </Dialog>
  );
}

function Keys() {
  return (
    <>
      <h3>Keys</h3>
      <dl className="key-list">
        {[...keysNow(), { key: 'Escape', does: 'Close what is open' }].map(({ key, does }) => (
          <div key={`${key} ${does}`}><dt><kbd>{keyNames[key] ?? key}</kbd></dt><dd>{does}</dd></div>
        ))}
      </dl>
    </>
  );
}

const keyNames: Readonly<Record<string, string>> = {
  Escape: 'Esc', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' };

function About() {
  const state = useStreamState();
  const at = (path: string): string => new URL(path, rootUrl).pathname;
  return (
    <>
      <h3>About</h3>
      <p>
        mdp{state.name === 'open' ? ` ${state.version}` : ''}. <a href={at('docs')}>API</a>,{' '}
        <a href={at('status')}>plain status</a>,{' '}
        <a href={at('assets/licenses.txt')}>licences of what is built in</a>. Charts by{' '}
        <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank">TradingView Lightweight Charts™</a>,
        Copyright © 2025 TradingView, Inc.
      </p>
    </>
  );
}
