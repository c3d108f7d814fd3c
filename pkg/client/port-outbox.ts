import type { MessagePort } from "node:worker_threads";

/** More messages do not wait for the turn to end: the other side can begin with them. */
const MAX_BATCH = 64;

/** Gathers the messages of one turn and sends them as one, in order: each that is sent wakes the other thread. */
export class PortOutbox<M> {
  readonly #port: MessagePort;
  #waiting: M[] = [];
  #planned = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(message: M): void {
    this.#waiting.push(message);
    if (this.#waiting.length >= MAX_BATCH) this.flush();
    else if (!this.#planned) {
      this.#planned = true;
      // A tick that a microtask asks for comes when no microtask is left: what this turn answers is all there then.
      queueMicrotask(() => process.nextTick(() => this.flush()));
    }
  }

  flush(): void {
    this.#planned = false;
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#port.postMessage(batch);
  }
}
