import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useState } from 'react';
import { InstrumentHeading } from '../../parts/instrument-heading.tsx';
import { ZoneChoice } from '../../parts/zone-choice.tsx';
import type { OfferedSpec } from '../../series-place.ts';
import type { Series } from './bar-feed.ts';
import { toggleIndicator, useChosen } from './chosen-indicators.ts';
import { choices } from './indicator-lines.ts';

interface Props {
  readonly series: Series;
  readonly specs: readonly OfferedSpec[];
  /** Names of indicators that were chosen and that the pipeline does not compute on this spec. */
  readonly missing: readonly string[];
}

export function InstrumentBar({ series: { venue, symbol, spec }, specs, missing }: Props) {
  return (
    <InstrumentHeading tab="trading" venue={venue} symbol={symbol} spec={spec} specs={specs}>
      <IndicatorMenu spec={spec} missing={missing} />
      <ZoneChoice className="zone" />
    </InstrumentHeading>
  );
}

function IndicatorMenu({ spec, missing }: { readonly spec: string; readonly missing: readonly string[] }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const chosen = useChosen();
  const shown = chosen.filter((name) => !missing.includes(name)).length;
  return (
    <>
      <Button
        color="inherit" className="indicator-button" aria-haspopup="menu"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        Indicators <span className="quiet">{shown}</span>
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)} className="indicator-menu">
        {choices.map(({ name, title }) => (
          <MenuItem
            key={name} dense role="menuitemcheckbox" aria-checked={chosen.includes(name)} onClick={() => toggleIndicator(name)}
          >
            <Checkbox
              size="small" checked={chosen.includes(name)} tabIndex={-1} slotProps={{ input: { 'aria-hidden': true } }}
            />
            <span>
              {title}
              {missing.includes(name) ? <small>Not computed: add {name}@{spec} to indicators.specs</small> : null}
            </span>
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
