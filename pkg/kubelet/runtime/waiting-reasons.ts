export interface WaitingReason {
  /** "CrashLoopBackOff", "ErrImagePull", … */
  readonly reason: string;
  readonly message: string;
}

/** Why containers that should run do not: the last failure of each, until it is started. */
export class WaitingReasons {
  readonly #pods = new Map<string, Map<string, WaitingReason>>();

  get(podUid: string, container: string): WaitingReason | undefined {
    return this.#pods.get(podUid)?.get(container);
  }

  set(podUid: string, container: string, reason: WaitingReason): void {
    let reasons = this.#pods.get(podUid);
    if (reasons === undefined) this.#pods.set(podUid, (reasons = new Map()));
    reasons.set(container, reason);
  }

  clear(podUid: string, container: string): void {
    this.#pods.get(podUid)?.delete(container);
  }

  forget(podUid: string): void {
    this.#pods.delete(podUid);
  }
}
