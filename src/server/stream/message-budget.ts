/** A page that opens a tab sends five messages; one that resyncs in a loop is at fault. */
const messagesMax = 200;
/** A program that is being written sends some; one that sends nothing else is at fault. */
const refusedMax = 20;
const windowMs = 10_000;

/** How much a client may say: 200 messages in 10 s, and 20 that are refused. */
export class MessageBudget {
  #beganAtMs = -Infinity;
  #messages = 0;
  #refused = 0;

  /** A message or a ping has come. False: it was one too many. */
  take(nowMs: number): boolean {
    if (nowMs - this.#beganAtMs >= windowMs) {
      this.#beganAtMs = nowMs;
      this.#messages = 0;
      this.#refused = 0;
    }
    this.#messages++;
    return this.#messages <= messagesMax;
  }

  /** What has come last is refused. False: it was one too many. */
  refuse(): boolean {
    this.#refused++;
    return this.#refused <= refusedMax;
  }
}
