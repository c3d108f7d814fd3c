import { pods } from "#pkg/api/types/core-v1.ts";
import { type Client, type EventRecorder, referenceTo } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Cache } from "./cache.ts";
import { countedReasons, type Diagnosis, summarize } from "./diagnosis.ts";
import type { Informers } from "./informers.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import type { PreparedFilter } from "./select-node.ts";
import { lessHarm, selectVictims, type Victims } from "./victims.ts";

/** What came of it: a node on which room is being made, or why there is none. */
export type Preemption =
  | { readonly node: string }
  /** `keepsNomination`: an earlier preemption is still under way. */
  | { readonly message: string; readonly keepsNomination: boolean };

/** Of many candidates this share, at least this many, are tried. */
const MIN_TRIALS = 100;
const TRIAL_SHARE = 0.1;

/** Makes room for important pods by ending less important ones (upstream's DefaultPreemption). */
export class Preemptor {
  readonly #client: Client;
  readonly #cache: Cache;
  readonly #nominator: Nominator;
  readonly #informers: Pick<Informers, "disruptionBudgets">;
  readonly #recorder: EventRecorder;
  readonly #log: Logger;
  readonly #ending = new Set<Promise<void>>();
  #offset = 0;

  constructor(parts: {
    readonly client: Client;
    readonly cache: Cache;
    readonly nominator: Nominator;
    readonly informers: Pick<Informers, "disruptionBudgets">;
    readonly recorder: EventRecorder;
    readonly log: Logger;
  }) {
    this.#client = parts.client;
    this.#cache = parts.cache;
    this.#nominator = parts.nominator;
    this.#informers = parts.informers;
    this.#recorder = parts.recorder;
    this.#log = parts.log;
  }

  /** Chooses a node, begins to end its victims and nominates the pod to it. `filters` are those of the failed cycle. */
  preempt(pod: PodInfo, diagnosis: Diagnosis, filters: readonly PreparedFilter[], signal: AbortSignal): Preemption {
    if (pod.pod.spec.preemptionPolicy === "Never") {
      return { message: "not eligible due to preemptionPolicy=Never.", keepsNomination: false };
    }
    if (this.#isUnderWay(pod, diagnosis)) {
      return { message: "not eligible due to a terminating pod on the nominated node.", keepsNomination: true };
    }
    const counts = new Map<string, number>();
    const count = (reason: string, times = 1): void => void counts.set(reason, (counts.get(reason) ?? 0) + times);
    const candidates = [...diagnosis.failures].filter(([, { failure }]) => !failure.unresolvable);
    const helpless = diagnosis.nodeCount - candidates.length;
    if (helpless > 0) count("Preemption is not helpful for scheduling", helpless);

    let best: Victims | undefined;
    let found = 0;
    const wanted = Math.max(MIN_TRIALS, Math.floor(candidates.length * TRIAL_SHARE));
    const budgets = candidates.length > 0 ? this.#informers.disruptionBudgets.lister.list() : [];
    for (let i = 0; i < candidates.length && found < wanted; i++) {
      const [name] = candidates[(this.#offset + i) % candidates.length] ?? [""];
      const node = this.#cache.node(name);
      if (node === undefined) continue;
      const victims = selectVictims(pod, node, filters, this.#nominator, budgets);
      if ("reasons" in victims) for (const reason of victims.reasons) count(reason);
      else {
        found++;
        best = best === undefined ? victims : lessHarm(best, victims);
      }
    }
    this.#offset++;
    if (best === undefined) {
      return { message: summarize(diagnosis.nodeCount, countedReasons(counts)), keepsNomination: false };
    }
    this.#makeRoom(pod, best, signal);
    return { node: best.node };
  }

  async close(): Promise<void> {
    await Promise.all(this.#ending);
  }

  /** Victims of this pod may still be ending; taking more would end pods for nothing. */
  #isUnderWay(pod: PodInfo, diagnosis: Diagnosis): boolean {
    const nominated = this.#nominator.nodeOf(pod.key);
    const node = nominated === undefined ? undefined : this.#cache.node(nominated);
    if (node === undefined || diagnosis.failures.get(node.name)?.failure.unresolvable === true) return false;
    for (const other of node.pods.values()) {
      if (other.priority < pod.priority && other.pod.metadata.deletionTimestamp !== undefined) return true;
    }
    return false;
  }

  #makeRoom(pod: PodInfo, victims: Victims, signal: AbortSignal): void {
    this.#log.info("preempting", { pod: pod.key, node: victims.node, victims: victims.pods.map(({ key }) => key) });
    // Pods of lower priority that waited for the same room have to look again.
    for (const other of this.#nominator.below(pod, victims.node)) this.#nominator.remove(other.key);
    this.#nominator.nominate(pod, victims.node);
    for (const victim of victims.pods) {
      if (victim.pod.metadata.deletionTimestamp !== undefined) continue;
      const ending = this.#end(victim, pod, victims.node, signal).finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    }
  }

  async #end({ pod: victim, key }: PodInfo, by: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    const { name, namespace = "", uid } = victim.metadata;
    const at = { name, namespace };
    const { schedulerName = "default-scheduler" } = by.pod.spec;
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    };
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await this.#client.patch(pods, at, "application/strategic-merge-patch+json", patch, {
        subresource: "status",
        signal,
      });
      await this.#client.delete(pods, at, { preconditions: { uid } });
    } catch (err) {
      if (!isNotFound(err) && !isConflict(err)) this.#log.warn("victim not ended", { pod: key, err });
      return;
    }
    this.#recorder.event(
      referenceTo(pods, victim),
      "Normal",
      "Preempted",
      `Preempted by pod ${by.pod.metadata.uid} on node ${node}`,
      { action: "Preempting", related: referenceTo(pods, by.pod) },
    );
  }
}
