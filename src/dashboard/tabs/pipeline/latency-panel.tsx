import { useEffect, useState } from 'react';
import { useSession } from '../../session.tsx';
import { quotesKey } from '../../stream-keys.ts';
import { useEverySecond } from '../../ticker.ts';
import { durationText } from '../../format.ts';
import { LatencyWindow } from './latency.ts';
import type { Spread } from './latency.ts';

/** From the venue to the pixel, over the last ten seconds. */
export function LatencyPanel() {
  const { live, stream } = useSession();
  const [latency] = useState(() => new LatencyWindow());
  useEffect(() => live.listen(quotesKey, (quotes) => latency.add(quotes, stream.serverNowMs())), [live, stream, latency]);
  // As text: equal ones render nothing.
  const shown = useEverySecond((nowMs) => {
    const { toDaemon, toPage, prices } = latency.at(nowMs);
    return prices === 0 ? '' : [toDaemon, toPage].map(spreadText).join('|');
  });
  const [toDaemon, toPage] = shown.split('|');
  return (
    <section className="panel latency" aria-label="Latency">
      <h2>From the venue to this page <span className="quiet">p50 · p95 of 10 s</span></h2>
      {shown === '' ? <p className="quiet">No price has come in the last ten seconds.</p> : (
        <dl>
          <div><dt>venue → daemon</dt><dd>{toDaemon}</dd></div>
          <div><dt>daemon → page</dt><dd>{toPage}</dd></div>
        </dl>
      )}
    </section>
  );
}

function spreadText({ p50, p95 }: Spread): string {
  return [p50, p95].map((ms) => (ms === null ? '–' : signedDuration(ms))).join(' · ');
}

function signedDuration(ms: number): string {
  return ms < 0 ? `−${durationText(-ms)}` : durationText(ms);
}
