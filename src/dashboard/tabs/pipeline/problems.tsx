import { rootUrl } from '../../places.ts';
import { useLatest } from '../../session.tsx';
import { healthKey } from '../../stream-keys.ts';

const weights: Readonly<Record<string, string>> = { unhealthy: 'act', degraded: 'look' };

/** The verdict, and what to do about each part that is not well. */
export function Problems() {
  const health = useLatest(healthKey);
  return (
    <section className="panel problems" aria-label="What is wrong">
      <h2>
        <a href={new URL('health', rootUrl).pathname}>Health</a>{' '}
        <span className={weights[health?.status ?? ''] ?? 'quiet'}>{health?.status ?? 'asking'}</span>
      </h2>
      {health === undefined ? null : health.problems.length === 0 ? <p className="quiet">Every part does its work.</p> : (
        <ul>
          {health.problems.map(({ part, status, message }) => (
            <li key={part}><b className={weights[status] ?? ''}>{part}</b> {message}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
