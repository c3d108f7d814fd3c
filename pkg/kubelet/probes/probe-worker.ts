import type { Probe } from "#pkg/api/types/core-v1.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodEvents } from "../pod-events.ts";
import type { Prober, ProbeSubject } from "./prober.ts";

export type ProbeKind = "liveness" | "readiness" | "startup";

const titles: Readonly<Record<ProbeKind, string>> = {
  liveness: "Liveness",
  readiness: "Readiness",
  startup: "Startup",
};

/** Repeats one probe of one container instance and reports each change of its verdict. */
export class ProbeWorker {
  readonly #kind: ProbeKind;
  readonly #probe: Probe;
  readonly #subject: () => ProbeSubject | undefined;
  readonly #startedAtMs: number;
  /** Readiness and liveness wait for the startup probe. */
  readonly #mayRun: () => boolean;
  readonly #prober: Prober;
  readonly #events: PodEvents;
  readonly #report: (passed: boolean) => void;
  readonly #log: Logger;
  #last: boolean | undefined;
  #run = 0;
  #verdict: boolean | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(parts: {
    readonly kind: ProbeKind;
    readonly probe: Probe;
    /** The pod as it is now; undefined ends the worker. */
    readonly subject: () => ProbeSubject | undefined;
    readonly startedAtMs: number;
    readonly mayRun: () => boolean;
    readonly prober: Prober;
    readonly events: PodEvents;
    readonly report: (passed: boolean) => void;
    readonly log: Logger;
  }) {
    this.#kind = parts.kind;
    this.#probe = parts.probe;
    this.#subject = parts.subject;
    this.#startedAtMs = parts.startedAtMs;
    this.#mayRun = parts.mayRun;
    this.#prober = parts.prober;
    this.#events = parts.events;
    this.#report = parts.report;
    this.#log = parts.log;
  }

  /** Looks again at once at whether it may run. */
  wake(): void {
    this.#wake.resolve();
  }

  async start(signal: AbortSignal): Promise<void> {
    const { initialDelaySeconds = 0, periodSeconds = 10 } = this.#probe;
    try {
      await sleep(Math.max(0, this.#startedAtMs + initialDelaySeconds * 1000 - Date.now()), signal);
      while (!signal.aborted) {
        if (this.#mayRun()) {
          if (await this.#once(signal)) return;
          await sleep(periodSeconds * 1000, signal);
        } else {
          await Promise.race([this.#wake.promise, sleep(periodSeconds * 1000, signal)]);
          this.#wake = Promise.withResolvers();
        }
      }
    } catch (err) {
      if (!isAbort(err)) this.#log.error("probe worker failed", { err });
    }
  }

  /** True when there is nothing more to find out about this instance. */
  async #once(signal: AbortSignal): Promise<boolean> {
    const subject = this.#subject();
    if (subject === undefined) return true;
    let passed: boolean;
    try {
      const { result, output } = await this.#prober.probe(this.#probe, subject, signal);
      passed = result !== "failure";
      this.#tell(subject, result, output);
    } catch (err) {
      signal.throwIfAborted();
      // Not the container's answer, but as upstream counts it: a probe that cannot be made is a failed one.
      passed = false;
      const text = (err as Error).message;
      const message = `${titles[this.#kind]} probe errored and resulted in unknown state: ${text}`;
      this.#events.warning(subject.pod, "Unhealthy", message, subject.container);
      this.#log.debug("probe errored", { pod: subject.pod.metadata.name, container: subject.container.name, err });
      return false;
    }
    return this.#count(passed);
  }

  #tell(subject: ProbeSubject, result: string, output: string): void {
    const title = titles[this.#kind];
    if (result === "failure") {
      this.#events.warning(subject.pod, "Unhealthy", `${title} probe failed: ${output}`, subject.container);
    } else if (result === "warning") {
      this.#events.warning(subject.pod, "ProbeWarning", `${title} probe warning: ${output}`, subject.container);
    }
  }

  #count(passed: boolean): boolean {
    this.#run = passed === this.#last ? this.#run + 1 : 1;
    this.#last = passed;
    const { failureThreshold = 3, successThreshold = 1 } = this.#probe;
    if (this.#run < (passed ? successThreshold : failureThreshold)) return false;
    if (this.#verdict !== passed) {
      this.#verdict = passed;
      this.#report(passed);
    }
    // A failed liveness or startup probe ends the instance; a passed startup probe has done its work.
    return this.#kind === "startup" || (this.#kind === "liveness" && !passed);
  }
}
