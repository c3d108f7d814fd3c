import { type Node, type NodeStatus, nodes } from "#pkg/api/types/core-v1.ts";
import { semanticEqual } from "#pkg/api/index.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import { type Client, type EventRecorder, referenceTo } from "#pkg/client/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Machine } from "./machine.ts";
import { nodeConditions, type NodeHealth } from "./node-conditions.ts";
import { newNode, type NodeOptions, nodeStatus, ownLabels } from "./node-object.ts";

/** Computed this often, and reported at once when it differs; otherwise this seldom, as upstream. */
const updateMs = 10_000;
const reportMs = 5 * 60_000;
/** While the node is not ready every second counts for the pods that wait for it. */
const unreadyUpdateMs = 100;
const retryMs = 500;

/** Registers the Node and keeps its status true. */
export class NodeReporter {
  readonly #client: Client;
  readonly #cri: CriClient;
  readonly #options: NodeOptions;
  readonly #machine: Machine;
  readonly #health: () => Promise<NodeHealth>;
  readonly #recorder: EventRecorder;
  readonly #log: Logger;
  #node: Node | undefined;
  #reportedAt = 0;
  #wake = Promise.withResolvers<void>();
  #isReady = false;
  #runtimeVersion = "";

  constructor(parts: {
    readonly client: Client;
    readonly cri: CriClient;
    readonly options: NodeOptions;
    readonly machine: Machine;
    readonly health: () => Promise<NodeHealth>;
    readonly recorder: EventRecorder;
    readonly log: Logger;
  }) {
    this.#client = parts.client;
    this.#cri = parts.cri;
    this.#options = parts.options;
    this.#machine = parts.machine;
    this.#health = parts.health;
    this.#recorder = parts.recorder;
    this.#log = parts.log;
  }

  /** The Node as last seen; undefined before it is registered. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Computes and reports now. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Runs until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = retryMs;
      try {
        this.#node ??= await this.#register(signal);
        await this.#report(signal);
        waitMs = this.#isReady ? updateMs : unreadyUpdateMs;
      } catch (err) {
        if (signal.aborted) return;
        if (isNotFound(err)) this.#node = undefined;
        else this.#log.warn("node status not reported", { err });
      }
      await Promise.race([this.#wake.promise, sleep(waitMs, signal)]).catch((err: unknown) => {
        if (!isAbort(err)) throw err;
      });
      this.#wake = Promise.withResolvers();
    }
  }

  async #register(signal: AbortSignal): Promise<Node> {
    const made = newNode(this.#options, this.#machine);
    const status = await this.#status([]);
    try {
      const node = await this.#client.create(nodes, { ...made, status }, { signal });
      this.#log.info("node registered", { node: this.#options.nodeName });
      this.#event(node, "Starting", "Starting kubelet.");
      return node;
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
    }
    const node = await this.#client.get(nodes, { name: this.#options.nodeName }, { signal });
    const labels = { ...this.#options.nodeLabels, ...ownLabels(this.#options, this.#machine) };
    const missing = Object.entries(labels).some(([key, value]) => node.metadata.labels?.[key] !== value);
    this.#event(node, "Starting", "Starting kubelet.");
    if (!missing) return node;
    const patch = { metadata: { labels } };
    return await this.#client.patch(
      nodes,
      { name: node.metadata.name },
      "application/strategic-merge-patch+json",
      patch,
      {
        signal,
      },
    );
  }

  async #status(before: NonNullable<NodeStatus["conditions"]>): Promise<NodeStatus> {
    const health = await this.#health();
    const [images, version] = await Promise.all([
      this.#cri.images.listImages({}).catch(() => ({ images: [] })),
      this.#version(),
    ]);
    const runtime = { version, images: images.images ?? [], handlers: undefined };
    const status = nodeStatus(this.#options, this.#machine, runtime);
    return { ...status, conditions: nodeConditions(before, health, Date.now()) };
  }

  async #version(): Promise<string> {
    try {
      const { runtimeName, runtimeVersion } = await this.#cri.runtime.version({}, { timeoutMs: 2_000 });
      this.#runtimeVersion = `${runtimeName}://${runtimeVersion}`;
    } catch {
      // Down for now: what it was a moment ago is still the best answer.
    }
    return this.#runtimeVersion;
  }

  async #report(signal: AbortSignal): Promise<void> {
    const before = this.#node as Node;
    const status = await this.#status(before.status?.conditions ?? []);
    const changed = !semanticEqual(comparable(before.status ?? {}), comparable({ ...before.status, ...status }));
    const now = Date.now();
    if (changed || now - this.#reportedAt >= reportMs) {
      const { name } = before.metadata;
      this.#node = await this.#client.patch(
        nodes,
        { name },
        "application/strategic-merge-patch+json",
        { status: { ...status, addresses: [{ $patch: "replace" }, ...(status.addresses ?? [])] } },
        { subresource: "status", signal },
      );
      this.#reportedAt = now;
    }
    this.#noteReadiness(before, status);
  }

  #noteReadiness(before: Node, status: NodeStatus): void {
    const ready = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
    if (ready === this.#isReady) return;
    this.#isReady = ready;
    const word = ready ? "NodeReady" : "NodeNotReady";
    this.#event(before, word, `Node ${this.#options.nodeName} status is now: ${word}`);
    this.#log.info(ready ? "node ready" : "node not ready", { node: this.#options.nodeName });
  }

  #event(node: Node, reason: string, message: string): void {
    // As upstream: events of a node carry its name as uid, which is what `kubectl describe node` looks for.
    const regarding = { ...referenceTo(nodes, node), uid: node.metadata.name };
    this.#recorder.event(regarding, "Normal", reason, message);
  }
}

/** Without heartbeat times, which alone are no news. */
function comparable(status: NodeStatus): object {
  return {
    ...status,
    conditions: (status.conditions ?? []).map((condition) => ({ ...condition, lastHeartbeatTime: "" })),
  };
}
