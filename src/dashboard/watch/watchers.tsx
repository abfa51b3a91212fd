import { useAlertWatch } from './use-alert-watch.ts';
import { usePositionWatch } from './use-position-watch.ts';

/** What is watched whatever tab is shown. Shows nothing itself. */
export function Watchers() {
  useAlertWatch();
  usePositionWatch();
  return null;
}
