import { type Node, nodes, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addNodeIndex, podsOnNode } from "../informer-indexes.ts";
import { isPodFinished, semanticEqual } from "../objects/index.ts";
import { withDisruption } from "./disruption-condition.ts";
import { evictionTime, noExecuteTaints } from "./tolerations.ts";

/** Deletes pods from nodes with NoExecute taints that they do not, or no longer, tolerate. Reads nodes and pods. */
export class TaintEvictionController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Pods whose time runs, to tell when it no longer does. */
  readonly #waiting = new Set<string>();

  constructor(parts: ControllerParts) {
    const nodeInformer = parts.informers.informer(nodes);
    const podInformer = parts.informers.informer(pods);
    super({
      name: "taint-eviction",
      informers: [nodeInformer, podInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#nodes = nodeInformer;
    this.#pods = podInformer;
    addNodeIndex(podInformer);
    const enqueuePods = (node: Node): void => {
      for (const pod of podsOnNode(podInformer, node.metadata.name)) this.queue.add(keyOf(pod));
    };
    nodeInformer.addHandler({
      add: (node) => {
        if (noExecuteTaints(node).length > 0) enqueuePods(node);
      },
      update: (node, before) => {
        if (!semanticEqual(noExecuteTaints(node), noExecuteTaints(before))) enqueuePods(node);
      },
    });
    const enqueue = (pod: Pod): void => {
      const node = nodeInformer.lister.get({ name: pod.spec.nodeName ?? "" });
      if (node !== undefined && noExecuteTaints(node).length > 0) this.queue.add(keyOf(pod));
    };
    podInformer.addHandler({
      add: enqueue,
      update: (pod, before) => {
        if (pod.spec.nodeName !== before.spec.nodeName || pod.spec.tolerations !== before.spec.tolerations)
          enqueue(pod);
      },
      delete: (pod) => this.#waiting.delete(keyOf(pod)),
    });
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const pod = this.#pods.lister.getByKey(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || isPodFinished(pod)) return undefined;
    const node = this.#nodes.lister.get({ name: pod.spec.nodeName ?? "" });
    const taints = node === undefined ? [] : noExecuteTaints(node);
    const now = this.#parts.now();
    const due = taints.length === 0 ? undefined : evictionTime(pod, taints, now);
    const about = { resource: pods, object: pod };
    if (due === undefined) {
      if (this.#waiting.delete(key)) {
        this.#parts.recorder.event(about, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
      }
      return undefined;
    }
    if (due > now) {
      this.#waiting.add(key);
      return { requeueAfterMs: due - now };
    }
    this.#waiting.delete(key);
    this.#parts.recorder.event(about, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${key}`);
    try {
      const marked = withDisruption(pod, {
        reason: "DeletionByTaintManager",
        message: "Taint manager: deleting due to NoExecute taint",
        now,
      });
      if (marked !== pod) await this.#parts.client.updateStatus(pods, marked);
      const { namespace = "", name, uid } = pod.metadata;
      await this.#parts.client.delete(pods, { namespace, name }, { preconditions: { uid } });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    return undefined;
  }
}
