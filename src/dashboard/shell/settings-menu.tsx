import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Popover from '@mui/material/Popover';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import { useState } from 'react';
import { setPreferences, usePreferences } from '../preferences.ts';
import { SettingsIcon } from './icons.tsx';

const zones = ['UTC', 'local', 'America/New_York', 'America/Chicago', 'Europe/London', 'Europe/Berlin', 'Asia/Singapore', 'Asia/Tokyo'];

export function SettingsMenu() {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <IconButton aria-label="Theme, colours and time zone" aria-haspopup="dialog" onClick={(event) => setAnchor(event.currentTarget)}>
        <SettingsIcon fontSize="small" />
      </IconButton>
      <Popover
        open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }} transformOrigin={{ vertical: 'top', horizontal: 'right' }}
        slotProps={{ paper: { role: 'dialog', 'aria-label': 'Theme, colours and time zone' } }}
      >
        <Choices />
      </Popover>
    </>
  );
}

function Choices() {
  const { theme, pair, zone } = usePreferences();
  return (
    <Box className="choices">
      <Choice label="Theme" value={theme} options={{ dark: 'Dark', light: 'Light', system: 'System' }}
        onChoose={(chosen) => setPreferences({ theme: chosen })} />
      <Choice label="Up and down" value={pair} options={{ 'green-red': 'Green, red', 'blue-orange': 'Blue, orange' }}
        onChoose={(chosen) => setPreferences({ pair: chosen })} />
      <label className="choice">
        <span>Time zone</span>
        <select value={zone} onChange={(event) => setPreferences({ zone: event.target.value })}>
          {zones.map((name) => <option key={name} value={name}>{name === 'local' ? 'This machine' : name.replace('_', ' ')}</option>)}
        </select>
      </label>
    </Box>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: Readonly<Record<T, string>>;
  readonly onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
  return (
    <div className="choice">
      <span>{label}</span>
      <ToggleButtonGroup exclusive value={value} aria-label={label}
        onChange={(_event, chosen: T | null) => { if (chosen !== null) onChoose(chosen); }}
      >
        {Object.entries<string>(options).map(([name, text]) => <ToggleButton key={name} value={name}>{text}</ToggleButton>)}
      </ToggleButtonGroup>
    </div>
  );
}
