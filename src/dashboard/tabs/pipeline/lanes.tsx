import type { LaneStatus } from '../../../model/status.ts';
import { sumOf } from '../../../model/status.ts';
import { count, durationText, quantity } from '../../format.ts';

/** Every lane: one ordered log, where it is read, and how far its bars are. */
export function LanesTable({ lanes, nowMs }: { readonly lanes: readonly LaneStatus[]; readonly nowMs: number }) {
  return (
    <section className="panel lanes" aria-label="Lanes">
      <div className="lanes-scroll" tabIndex={0} role="region" aria-label="Table of lanes">
        <table>
          <thead>
            <tr>
              <th scope="col">Lane</th><th scope="col">Position</th><th scope="col">Lag, records</th><th scope="col">Watermark lag</th>
              <th scope="col">Ticks</th><th scope="col">Bars</th><th scope="col">Revised</th><th scope="col">Late</th>
              <th scope="col">Gaps</th><th scope="col">Checkpoint age</th>
            </tr>
          </thead>
          <tbody>{lanes.map((lane) => <LaneRow key={lane.name} lane={lane} nowMs={nowMs} />)}</tbody>
        </table>
        {lanes.length === 0 ? <p className="quiet lanes-none">No lane is taken up. Lanes come with the first record of a source.</p> : null}
      </div>
    </section>
  );
}

function LaneRow({ lane, nowMs }: { readonly lane: LaneStatus; readonly nowMs: number }) {
  const { checkpoint, logEnd, position } = lane;
  const watermarks = lane.watermarks.flatMap(({ watermarkMs }) => watermarkMs ?? []);
  const gaps = sumOf(lane.gaps);
  return (
    <tr>
      <th scope="row" title={`generation ${lane.generation}`}>{lane.name}{lane.ended ? <span className="quiet"> ended</span> : null}</th>
      <td>{count(position)}</td>
      <td>{logEnd === null ? '–' : quantity(Math.max(0, logEnd - position))}</td>
      <td>{lane.ended || watermarks.length === 0 ? '–' : lagText(nowMs - Math.max(...watermarks))}</td>
      <td>{quantity(lane.ticksIn)}</td>
      <td>{quantity(lane.barsOut)}</td>
      <td>{quantity(lane.barsOutByState.revised)}</td>
      <td>{quantity(lane.ticks.late)}</td>
      <td className={gaps > 0 ? 'look' : ''}>{count(gaps)}</td>
      <td className={checkpoint.problem === null ? '' : 'look'} title={checkpoint.problem ?? undefined}>
        {checkpoint.writtenAtMs === null ? 'none yet' : lagText(nowMs - checkpoint.writtenAtMs)}
      </td>
    </tr>
  );
}

/** A replay is behind by years, which is no fault: it is told in days. */
function lagText(ms: number): string {
  return ms < 0 ? `${durationText(-ms)} ahead` : durationText(ms);
}
