import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Popover from '@mui/material/Popover';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import { useState } from 'react';
import { ZoneChoice } from '../parts/zone-choice.tsx';
import { setPreferences, usePreferences } from '../preferences.ts';
import { SettingsIcon } from './icons.tsx';

export function SettingsMenu() {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <IconButton
        aria-label="Theme, colours and time zone" aria-haspopup="dialog"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
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
  const { theme, pair } = usePreferences();
  return (
    <Box className="choices">
      <Choice label="Theme" value={theme} options={{ dark: 'Dark', light: 'Light', system: 'System' }}
        onChoose={(chosen) => setPreferences({ theme: chosen })} />
      <Choice label="Up and down" value={pair} options={{ 'green-red': 'Green, red', 'blue-orange': 'Blue, orange' }}
        onChoose={(chosen) => setPreferences({ pair: chosen })} />
      <div className="choice">
        <span>Time zone</span>
        <ZoneChoice />
      </div>
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
