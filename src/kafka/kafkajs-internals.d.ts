/** What is used of kafkajs 2.2.4 beside its public types. */
declare module 'kafkajs/src/broker/index.js' {
  export default class Broker {
    apiVersions: (this: Broker) => Promise<unknown>;
  }
}

/** All but the first two only by a test. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface Logger {
    debug(message: string): void;
    warn(message: string): void;
  }
  interface PushedRequest {
    readonly entry: { readonly correlationId: number; resolve(answer: unknown): void; reject(error: Error): void };
    readonly expectResponse: boolean;
    sendRequest(): void;
  }
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests: (this: RequestQueue) => void;

    constructor(options: {
      readonly maxInFlightRequests: number; readonly requestTimeout: number; readonly enforceRequestTimeout: boolean;
      readonly clientId: string; readonly broker: string; readonly logger: Logger;
    });
    push(request: PushedRequest): void;
    maybeThrottle(timeMs: number): void;
    fulfillRequest(answer: { readonly correlationId: number; readonly payload: unknown; readonly size: number }): void;
    destroy(): void;
  }
}
