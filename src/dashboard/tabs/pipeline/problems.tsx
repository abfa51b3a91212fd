import { useLastHealth } from '../../last-health.ts';
import { rootUrl } from '../../places.ts';

const weights: Readonly<Record<string, string>> = { unhealthy: 'act', degraded: 'look' };

/** The verdict, and what to do about each part that is not well. */
export function Problems() {
  const { health, lost } = useLastHealth();
  return (
    <section className="panel problems" aria-label="What is wrong">
      <h2>
        <a href={new URL('health', rootUrl).pathname}>Health</a>{' '}
        {lost === null ? <span className={weights[health?.status ?? ''] ?? 'quiet'}>{health?.status ?? 'asking'}</span>
          : <span className="look">not known</span>}
      </h2>
      {lost === null ? null : <p className="quiet">{lost}</p>}
      {health?.problems.length === 0 && lost === null ? <p className="quiet">Every part does its work.</p> : null}
      {health === undefined || health.problems.length === 0 ? null : (
        <ul>
          {health.problems.map(({ part, status, message }) => (
            <li key={part}><b className={weights[status] ?? ''}>{part}</b> {message}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
