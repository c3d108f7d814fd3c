import {
  type Container,
  type CriClient,
  isCriNotFound,
  type PodSandbox,
  type PodSandboxStatus,
} from "#pkg/cri/index.ts";
import { podNameLabel, podNamespaceLabel, podUidLabel } from "../bookkeeping.ts";
import {
  nothingObserved,
  type ObservedContainer,
  observedContainer,
  type ObservedPod,
  type ObservedSandbox,
  observedSandbox,
} from "./observed-pod.ts";
import { readTerminationMessage } from "./termination-message.ts";

/**
 * What the runtime runs, by pod. A pod is asked for again after `touch`; ids lead back from the runtime's events to pods.
 * Statuses of exited containers are kept: they never change.
 */
export class RuntimeCache {
  readonly #cri: CriClient;
  readonly #pods = new Map<string, ObservedPod>();
  readonly #stale = new Set<string>();
  readonly #podOfId = new Map<string, string>();

  constructor(parts: { readonly cri: CriClient }) {
    this.#cri = parts.cri;
  }

  /** The last known, without asking. */
  last(uid: string): ObservedPod {
    return this.#pods.get(uid) ?? nothingObserved(uid);
  }

  uids(): Iterable<string> {
    return this.#pods.keys();
  }

  pods(): Iterable<ObservedPod> {
    return this.#pods.values();
  }

  /** The pod that a container's or sandbox' id belongs to. */
  podOf(id: string): string | undefined {
    return this.#podOfId.get(id);
  }

  /** Says that the pod may have changed. */
  touch(uid: string): void {
    this.#stale.add(uid);
  }

  /** Notes an id so that events about it find their pod, before `addContainer` learns the rest. */
  expect(uid: string, id: string): void {
    this.#podOfId.set(id, uid);
  }

  /**
   * Learns of a sandbox that was just made, without listing everything. Like `addContainer` it is for a worker's own doings;
   * what others do is found out by `touch` and `get`.
   */
  async addSandbox(uid: string, id: string): Promise<ObservedPod> {
    this.#podOfId.set(id, uid);
    const { status } = await this.#cri.runtime.podSandboxStatus({ podSandboxId: id });
    if (status === undefined) return await this.inspect(uid);
    const before = this.last(uid);
    const others = before.sandboxes.filter((sandbox) => sandbox.id !== id);
    return this.#remember(before, {
      ...before,
      name: status.labels?.[podNameLabel] ?? "",
      namespace: status.labels?.[podNamespaceLabel] ?? "",
      sandboxes: [observedSandbox(status, networkOf(status)), ...others],
    });
  }

  async addContainer(uid: string, sandboxId: string, id: string): Promise<ObservedPod> {
    this.#podOfId.set(id, uid);
    const container = await this.#container(this.last(uid), { id, podSandboxId: sandboxId });
    if (container === undefined) return await this.inspect(uid);
    const before = this.last(uid);
    const others = before.containers.filter((other) => other.id !== id);
    return this.#remember(before, { ...before, containers: [container, ...others] });
  }

  async get(uid: string): Promise<ObservedPod> {
    return this.#stale.has(uid) ? await this.inspect(uid) : this.last(uid);
  }

  /** Asks the runtime. */
  async inspect(uid: string): Promise<ObservedPod> {
    // Before the question: what changes while it is answered is asked for again.
    this.#stale.delete(uid);
    const labelSelector = { [podUidLabel]: uid };
    try {
      const [sandboxes, containers] = await Promise.all([
        this.#cri.runtime.listPodSandbox({ filter: { labelSelector } }),
        this.#cri.runtime.listContainers({ filter: { labelSelector } }),
      ]);
      return await this.#build(uid, sandboxes.items ?? [], containers.containers ?? []);
    } catch (err) {
      this.#stale.add(uid);
      throw err;
    }
  }

  /** Lists everything and returns the pods in which a container or sandbox came, went or changed its state. */
  async relist(): Promise<readonly string[]> {
    const [sandboxes, containers] = await Promise.all([
      this.#cri.runtime.listPodSandbox({}),
      this.#cri.runtime.listContainers({}),
    ]);
    const sandboxesOf = Map.groupBy(sandboxes.items ?? [], (item) => item.labels?.[podUidLabel] ?? "");
    const containersOf = Map.groupBy(containers.containers ?? [], (item) => item.labels?.[podUidLabel] ?? "");
    const changed: string[] = [];
    for (const uid of new Set([...this.#pods.keys(), ...sandboxesOf.keys(), ...containersOf.keys()])) {
      // Not a pod's: somebody else uses the same runtime.
      if (uid === "") continue;
      const listed = fingerprint(sandboxesOf.get(uid) ?? [], containersOf.get(uid) ?? []);
      if (listed === fingerprintOf(this.last(uid))) continue;
      changed.push(uid);
      await this.#build(uid, sandboxesOf.get(uid) ?? [], containersOf.get(uid) ?? []);
    }
    return changed;
  }

  async #build(uid: string, sandboxes: readonly PodSandbox[], containers: readonly Container[]): Promise<ObservedPod> {
    const before = this.last(uid);
    const [seenSandboxes, seenContainers] = await Promise.all([
      Promise.all(sandboxes.map((sandbox) => this.#sandbox(before, sandbox))),
      Promise.all(containers.map((container) => this.#container(before, container))),
    ]);
    const labels = sandboxes[0]?.labels ?? containers[0]?.labels ?? {};
    const pod: ObservedPod = {
      uid,
      name: labels[podNameLabel] ?? "",
      namespace: labels[podNamespaceLabel] ?? "",
      sandboxes: seenSandboxes.toSorted((a, b) => b.createdAt - a.createdAt),
      containers: seenContainers
        .filter((container) => container !== undefined)
        .toSorted((a, b) => (b.status.createdAt ?? 0) - (a.status.createdAt ?? 0)),
    };
    return this.#remember(before, pod);
  }

  #remember(before: ObservedPod, pod: ObservedPod): ObservedPod {
    for (const { id } of [...before.sandboxes, ...before.containers]) this.#podOfId.delete(id);
    for (const { id } of [...pod.sandboxes, ...pod.containers]) this.#podOfId.set(id, pod.uid);
    if (pod.sandboxes.length === 0 && pod.containers.length === 0) this.#pods.delete(pod.uid);
    else this.#pods.set(pod.uid, pod);
    return pod;
  }

  async #sandbox(before: ObservedPod, sandbox: PodSandbox): Promise<ObservedSandbox> {
    const known = before.sandboxes.find(({ id }) => id === sandbox.id);
    if (known !== undefined && known.ready === (sandbox.state === "SANDBOX_READY")) return known;
    if (sandbox.state !== "SANDBOX_READY") {
      return observedSandbox(sandbox, { ips: known?.ips ?? [], hostNetwork: known?.hostNetwork ?? false });
    }
    const { status } = await this.#cri.runtime.podSandboxStatus({ podSandboxId: sandbox.id ?? "" });
    return observedSandbox(sandbox, networkOf(status));
  }

  async #container(before: ObservedPod, container: Container): Promise<ObservedContainer | undefined> {
    const known = before.containers.find(({ id }) => id === container.id);
    if (known?.state === "exited") return known;
    try {
      const { status } = await this.#cri.runtime.containerStatus({ containerId: container.id ?? "" });
      if (status === undefined) return undefined;
      const message = status.state === "CONTAINER_EXITED" ? await readTerminationMessage(status) : "";
      return observedContainer(container.podSandboxId ?? "", status, message);
    } catch (err) {
      // Removed between the list and the question.
      if (isCriNotFound(err)) return undefined;
      throw err;
    }
  }
}

function networkOf(status: PodSandboxStatus | undefined): { ips: readonly string[]; hostNetwork: boolean } {
  const { ip = "", additionalIps = [] } = status?.network ?? {};
  return {
    ips: ip === "" ? [] : [ip, ...additionalIps.map((additional) => additional.ip ?? "")],
    hostNetwork: status?.linux?.namespaces?.options?.network === "NODE",
  };
}

const fingerprint = (sandboxes: readonly PodSandbox[], containers: readonly Container[]): string =>
  [
    ...sandboxes.map(({ id, state }) => `${id}:${state === "SANDBOX_READY"}`),
    ...containers.map(({ id, state }) => `${id}:${state?.slice("CONTAINER_".length).toLowerCase()}`),
  ]
    .toSorted()
    .join();

const fingerprintOf = (pod: ObservedPod): string =>
  [
    ...pod.sandboxes.map(({ id, ready }) => `${id}:${ready}`),
    ...pod.containers.map(({ id, state }) => `${id}:${state}`),
  ]
    .toSorted()
    .join();
