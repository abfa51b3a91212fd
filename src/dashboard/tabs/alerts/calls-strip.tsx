import { useState } from 'react';
import { notificationPermission, switchNotifications, switchSound, useCalls } from '../../watch/alert-call.ts';

/** How this browser calls somebody. Both are off until they are switched on here. */
export function CallsStrip() {
  const { notifications, sound } = useCalls();
  // Asked again after each switch: the answer was given in a window of the browser's.
  const [permission, setPermission] = useState(notificationPermission);
  const isOn = notifications && permission === 'granted';
  const turn = async (): Promise<void> => {
    await switchNotifications(!isOn);
    setPermission(notificationPermission());
  };
  return (
    <div className="calls" role="group" aria-label="How this browser calls">
      <button type="button" className="call-switch" role="switch" aria-checked={isOn} onClick={() => void turn()}
        disabled={permission === 'denied' || permission === 'unsupported'} title={permissionWords[permission]}
      >
        Notifications <b>{isOn ? 'on' : permission === 'denied' ? 'blocked' : 'off'}</b>
      </button>
      <button type="button" className="call-switch" role="switch" aria-checked={sound} onClick={() => switchSound(!sound)}
        title="Two short tones, rising for an alert, falling for a withdrawal."
      >
        Sound <b>{sound ? 'on' : 'off'}</b>
      </button>
    </div>
  );
}

const permissionWords: Readonly<Record<ReturnType<typeof notificationPermission>, string>> = {
  default: 'The browser asks you once whether this page may show notifications.',
  granted: 'Shown by the browser, also while another window is in front.',
  denied: 'This browser blocks notifications of this page. Allow them in the settings of the page, beside its address.',
  unsupported: 'This browser shows none here. They need https, or a page from this machine.',
};
