import { MdpError } from '../errors.ts';
import { ConnectionRefused, faultOf } from '../postgres.ts';

/** What a call to the database threw: `store-unavailable` heals by waiting, `store-misconfigured` does not. */
export function storeError(error: unknown): MdpError {
  if (error instanceof MdpError) return error;
  const { action, message } = faultOf(error);
  const heals = (action === 'retry' || action === 'reconnect') && !(error instanceof ConnectionRefused);
  return new MdpError(heals ? 'store-unavailable' : 'store-misconfigured', message, error);
}

/** Runs `work`; what it throws becomes an MdpError. */
export async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error);
  }
}
