import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { PodStatusProvider } from "../types.ts";
import type { FilesystemUsage } from "./node-usage.ts";
import type { Route } from "./types.ts";
import type { NodeUsage, PodUsage, Usage, UsageCollector } from "./usage-collector.ts";

interface Parts {
  readonly nodeName: string;
  readonly status: PodStatusProvider;
  readonly usage: UsageCollector;
}

/** GET /stats/summary: what the node and its pods use, in the shape of stats/v1alpha1. */
export function statsSummaryRoute({ nodeName, status, usage }: Parts): Route {
  return {
    prefix: "/stats/summary",
    methods: ["GET", "POST"],
    async handle(_request, response) {
      const body = JSON.stringify(summary(nodeName, await usage.collect(), status.pods()));
      response.writeHead(200, { "content-type": "application/json" }).end(body);
    },
  };
}

/** Pure: the document of a reading. */
export function summary(nodeName: string, node: NodeUsage, pods: readonly Pod[]): object {
  const starts = new Map(pods.map((pod) => [pod.metadata.uid, pod.status?.startTime]));
  const fs = filesystem(node.fs);
  return {
    node: {
      nodeName,
      cpu: cpu(node.cpu),
      memory: { ...memory({ ...node.cpu, ...node.memory }), availableBytes: node.memory.availableBytes },
      fs,
      runtime: { imageFs: fs },
    },
    pods: node.pods.map((pod) => podSummary(pod, starts.get(pod.uid))),
  };
}

function podSummary(pod: PodUsage, startTime: string | undefined): object {
  const total = podTotal(pod);
  return {
    podRef: { name: pod.name, namespace: pod.namespace, uid: pod.uid },
    ...(startTime === undefined ? {} : { startTime }),
    containers: pod.containers.map((container) => ({
      name: container.name,
      cpu: cpu(container),
      memory: memory(container),
      rootfs: { time: time(container.timeMs), usedBytes: container.diskBytes, inodesUsed: container.inodes },
    })),
    cpu: cpu(total),
    memory: memory(total),
    ...(pod.network === undefined
      ? {}
      : { network: { time: time(total.timeMs), ...pod.network, interfaces: [pod.network] } }),
    "ephemeral-storage": {
      time: time(total.timeMs),
      usedBytes: pod.containers.reduce((sum, container) => sum + container.diskBytes, 0),
    },
  };
}

/** A pod's containers together. */
export function podTotal(pod: PodUsage): Usage {
  const sum = (of: (usage: Usage) => number): number => pod.containers.reduce((total, c) => total + of(c), 0);
  const hasRates = pod.containers.length > 0 && pod.containers.every((c) => c.nanoCores !== undefined);
  return {
    timeMs: Math.max(0, ...pod.containers.map((container) => container.timeMs)),
    coreNanoSeconds: sum((c) => c.coreNanoSeconds),
    ...(hasRates ? { nanoCores: sum((c) => c.nanoCores ?? 0) } : {}),
    workingSetBytes: sum((c) => c.workingSetBytes),
    usageBytes: sum((c) => c.usageBytes),
    rssBytes: sum((c) => c.rssBytes),
  };
}

const time = (ms: number): string => new Date(ms).toISOString();

function cpu(usage: Pick<Usage, "timeMs" | "coreNanoSeconds" | "nanoCores">): object {
  const { timeMs, coreNanoSeconds, nanoCores } = usage;
  const rate = nanoCores === undefined ? {} : { usageNanoCores: nanoCores };
  return { time: time(timeMs), ...rate, usageCoreNanoSeconds: coreNanoSeconds };
}

function memory({ timeMs, usageBytes, workingSetBytes, rssBytes }: Usage): object {
  return { time: time(timeMs), usageBytes, workingSetBytes, rssBytes };
}

function filesystem({ timeMs, inodes, inodesFree, ...bytes }: FilesystemUsage): object {
  return { time: time(timeMs), ...bytes, inodes, inodesFree, inodesUsed: inodes - inodesFree };
}
