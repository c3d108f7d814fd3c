import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import {
  type Client,
  EventRecorder,
  InformerFactory,
  LeaderElection,
  type LeaseTiming,
  referenceTo,
} from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Controller, ControllerParts, Recorder } from "./controller.ts";
import { CONTROLLERS, type ControllerEntry, type ControllerOptions } from "./registry.ts";

export interface ControllerManagerParts {
  readonly client: Client;
  readonly log: Logger;
  readonly now?: () => number;
  readonly options?: ControllerManagerOptions;
}

export interface ControllerManagerOptions extends ControllerOptions {
  /** As upstream's --controllers: "*" is all, "-name" all but that, "name" that one. All when absent. */
  readonly controllers?: readonly string[];
  /** Unique among candidates; "<host>_<uuid>" when absent. */
  readonly identity?: string;
  /** 15 s / 10 s / 2 s when absent. */
  readonly leaseTiming?: LeaseTiming;
}

export interface ControllerManager {
  /** Competes for the Lease kube-system/kube-controller-manager and runs the controllers while holding it. */
  start(signal: AbortSignal): Promise<void>;
}

/** Throws when `controllers` names one that does not exist. */
export function createControllerManager(parts: ControllerManagerParts): ControllerManager {
  const options = parts.options ?? {};
  const entries = enabledControllers(options.controllers ?? ["*"]);
  const start = async (signal: AbortSignal): Promise<void> => {
    const recorder = new EventRecorder({ ...parts, component: "kube-controller-manager" });
    const election = new LeaderElection({
      client: parts.client,
      log: parts.log,
      recorder,
      namespace: "kube-system",
      name: "kube-controller-manager",
      identity: options.identity ?? `${hostname()}_${randomUUID()}`,
      ...(options.leaseTiming === undefined ? {} : { timing: options.leaseTiming }),
      onStartedLeading: (leading) => runControllers(parts, entries, leading),
    });
    try {
      await election.start(signal);
    } finally {
      await recorder.close();
    }
  };
  return { start };
}

/** The enabled ones of a --controllers list. */
export function enabledControllers(wanted: readonly string[]): readonly ControllerEntry[] {
  for (const item of wanted) {
    const name = item.replace(/^-/, "");
    if (item !== "*" && !CONTROLLERS.some((entry) => entry.name === name)) {
      throw new Error(`There is no controller "${name}"; use one of ${CONTROLLERS.map((c) => c.name).join(", ")}`);
    }
  }
  return CONTROLLERS.filter(
    ({ name }) => !wanted.includes(`-${name}`) && (wanted.includes("*") || wanted.includes(name)),
  );
}

/** One term as leader: informers and controllers made anew, run until the signal aborts. */
export async function runControllers(
  parts: ControllerManagerParts,
  entries: readonly ControllerEntry[],
  signal: AbortSignal,
): Promise<void> {
  const informers = new InformerFactory(parts);
  const recorders: EventRecorder[] = [];
  const controllers: Controller[] = [];
  for (const entry of entries) {
    const log = parts.log.child({ controller: entry.name });
    const events = new EventRecorder({ client: parts.client, log, component: entry.component });
    recorders.push(events);
    const own: ControllerParts = {
      client: parts.client,
      informers,
      recorder: recorderOn(events),
      log,
      now: parts.now ?? Date.now,
    };
    const controller = entry.make(own, parts.options ?? {});
    if (controller !== undefined) controllers.push(controller);
  }
  parts.log.info("controllers started", { count: controllers.length });
  await Promise.all([informers.start(signal), ...controllers.map((controller) => controller.start(signal))]);
  await Promise.all(recorders.map((recorder) => recorder.close()));
}

function recorderOn(events: EventRecorder): Recorder {
  return {
    event: ({ resource, object }, type, reason, message) =>
      events.event(referenceTo(resource, object), type, reason, message),
  };
}
