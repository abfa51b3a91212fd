import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { useState } from 'react';
import { ageText, arrows, decimal, directionOf, percentChange, signed } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import { addressOf, follow } from '../../places.ts';
import { useLatest } from '../../session.tsx';
import { quoteKey } from '../../stream-keys.ts';
import { ZoneChoice } from '../../parts/zone-choice.tsx';
import { useEverySecond } from '../../ticker.ts';
import type { Series } from './bar-feed.ts';
import { toggleIndicator, useChosen } from './chosen-indicators.ts';
import { choices } from './indicator-lines.ts';

interface Props {
  readonly series: Series;
  readonly specs: readonly string[];
  /** Names of indicators that were chosen and that the pipeline does not compute on this spec. */
  readonly missing: readonly string[];
}

export function InstrumentBar({ series, specs, missing }: Props) {
  const { venue, symbol, spec: shown } = series;
  return (
    <div className="panel instrument-bar">
      <h1>{symbol} <span className="quiet">{venue}</span></h1>
      <LastPrice series={series} />
      <nav className="specs" aria-label="Length of a bar">
        {specs.map((spec) => (
          <a key={spec} href={addressOf('trading', [venue, symbol, spec])} onClick={follow} aria-current={spec === shown ? 'true' : undefined}>
            {spec}
          </a>
        ))}
      </nav>
      <IndicatorMenu spec={shown} missing={missing} />
      <ZoneChoice className="zone" />
    </div>
  );
}

function LastPrice({ series }: { readonly series: Series }) {
  const quote = useLatest(quoteKey(series));
  const age = useEverySecond((nowMs) => (quote === undefined ? '' : ageText(nowMs - quote.received_ms)));
  const digits = priceDigits(series, quote?.price, quote?.previous_close);
  const before = quote?.previous_close;
  const direction = quote === undefined ? 'same' : directionOf(quote.price, before);
  return (
    <p className="last-price">
      <b>{decimal(quote?.price, digits)}</b>
      <span className={direction}>
        <i className="arrow">{arrows[direction]}</i>{' '}
        {quote === undefined || before === null || before === undefined ? '–' : `${signed(quote.price - before, digits)}  ${percentChange(quote.price, before)} %`}
      </span>
      <span className="quiet age">{age}</span>
    </p>
  );
}

function IndicatorMenu({ spec, missing }: { readonly spec: string; readonly missing: readonly string[] }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const chosen = useChosen();
  const shown = chosen.filter((name) => !missing.includes(name)).length;
  return (
    <>
      <Button color="inherit" className="indicator-button" aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
        Indicators <span className="quiet">{shown}</span>
      </Button>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)} className="indicator-menu">
        {choices.map(({ name, title }) => (
          <MenuItem key={name} dense role="menuitemcheckbox" aria-checked={chosen.includes(name)} onClick={() => toggleIndicator(name)}>
            <Checkbox size="small" checked={chosen.includes(name)} tabIndex={-1} slotProps={{ input: { 'aria-hidden': true } }} />
            <span>{title}{missing.includes(name) ? <small>Not computed: add {name}@{spec} to indicators.specs</small> : null}</span>
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}
