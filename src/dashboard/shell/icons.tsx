import { createSvgIcon } from '@mui/material/utils';
import type { TabName } from '../places.ts';

/* Drawn with lines of one width on a grid of 24. */

function icon(name: string, path: string) {
  return createSvgIcon(
    <path d={path} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />,
    name,
  );
}

export const tabIcons = {
  dashboard: icon('Dashboard', 'M4 4h7v9H4zM13 4h7v5h-7zM13 12h7v8h-7zM4 16h7v4H4z'),
  trading: icon('Trading', 'M7 3v4M7 15v5M5 7h4v8H5zM17 4v5M17 17v4M15 9h4v8h-4z'),
  portfolio: icon('Portfolio', 'M4 8h16v11H4zM9 8V5h6v3M4 13h16'),
  alerts: icon('Alerts', 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4'),
  history: icon('History', 'M4 12a8 8 0 1 0 3-6.2M4 4v4h4M12 8v4l3 2'),
  volume: icon('Volume', 'M4 20h16M6 20v-6M11 20V6M16 20v-9'),
  pipeline: icon('Pipeline', 'M3 12h4M17 12h4M7 8h4v8H7zM13 8h4v8h-4zM11 12h2'),
} as const satisfies Record<TabName, unknown>;

export const SearchIcon = icon('Search', 'M15.5 15.5 20 20M4 10.5a6.5 6.5 0 1 0 13 0 6.5 6.5 0 0 0-13 0');
export const SettingsIcon = icon('Settings', 'M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M7 15v4');
export const HelpIcon = icon(
  'Help', 'M9.2 9.3a2.9 2.9 0 1 1 4.3 2.6c-1 .6-1.5 1-1.5 2.1M12 17.6v.1M3.5 12a8.5 8.5 0 1 0 17 0 8.5 8.5 0 0 0-17 0',
);
export const CloseIcon = icon('Close', 'M6 6l12 12M18 6 6 18');
