import IconButton from '@mui/material/IconButton';
import type { ReactNode } from 'react';
import { addressOf, follow } from '../places.ts';
import { useStreamState } from '../session.tsx';
import { HelpIcon, SearchIcon } from './icons.tsx';
import { SettingsMenu } from './settings-menu.tsx';

interface Props {
  readonly children: ReactNode;
  readonly onSearch: () => void;
  readonly onHelp: () => void;
}

export function TopBar({ children, onSearch, onHelp }: Props) {
  return (
    <header className="top-bar">
      <a className="brand" href={addressOf('dashboard')} onClick={follow}>mdp</a>
      {children}
      <button type="button" className="search-button" aria-label="Find a symbol" onClick={onSearch}>
        <SearchIcon fontSize="inherit" /><span>Find a symbol</span><kbd>/</kbd>
      </button>
      <LiveMark />
      <SettingsMenu />
      <IconButton aria-label="Keys and help" onClick={onHelp} className="help-button">
        <HelpIcon fontSize="small" />
      </IconButton>
    </header>
  );
}

/** Whether what is shown is of now. */
function LiveMark() {
  const { name } = useStreamState();
  return name === 'open'
    ? <span className="live-mark live" title="Connected: what is shown is of now."><i />live</span>
    : <span className="live-mark" title="Not connected: what is shown is of before."><i />not live</span>;
}
