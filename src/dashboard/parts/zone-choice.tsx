import { setPreferences, usePreferences } from '../preferences.ts';

const zones = [
  'UTC', 'local', 'America/New_York', 'America/Chicago', 'America/Sao_Paulo', 'Europe/London', 'Europe/Berlin', 'Asia/Dubai',
  'Asia/Singapore', 'Asia/Tokyo', 'Australia/Sydney',
];

/** In which time zone all times of the page are written. The data is in UTC whatever is chosen. */
export function ZoneChoice({ className }: { readonly className?: string }) {
  const { zone } = usePreferences();
  const offered = zones.includes(zone) ? zones : [...zones, zone];
  return (
    <select
      className={className} aria-label="Time zone" value={zone}
      onChange={(event) => setPreferences({ zone: event.target.value })}
    >
      {offered.map((name) => <option key={name} value={name}>{wordsOf(name)}</option>)}
    </select>
  );
}

function wordsOf(zone: string): string {
  return zone === 'local' ? 'This machine' : zone.replaceAll('_', ' ');
}
