import type { ContainerImage, Node, NodeAddress, NodeStatus, Taint } from "#pkg/api/types/core-v1.ts";
import type { NewObject } from "#pkg/api/resource-ref.ts";
import type { Image } from "#pkg/cri/index.ts";
import type { Machine } from "./machine.ts";

export interface NodeOptions {
  readonly nodeName: string;
  /** Primary first; one per family. */
  readonly nodeIPs: readonly string[];
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly nodeTaints: readonly Taint[];
  readonly maxPods: number;
  readonly kubeletPort: number;
  /** "v1.36.2+minik1" */
  readonly version: string;
  readonly providerId?: string;
  /** Kept back from pods: cpu in thousandths, others in bytes. */
  readonly reserved?: Readonly<Record<"cpu" | "memory" | "ephemeral-storage", number | undefined>>;
}

/** What of allocatable disk is kept for the hard eviction threshold, as upstream's defaults. */
const evictionReserveMemoryBytes = 100 * 1024 * 1024;
const evictionReserveDisk = 0.1;
/** Names are cut and images counted as upstream does, so that Node objects stay small. */
const maxImages = 50;
const maxNamesPerImage = 5;

/** A Node as it registers itself. */
export function newNode(options: NodeOptions, machine: Machine): NewObject<Node> {
  return {
    metadata: {
      name: options.nodeName,
      labels: { ...options.nodeLabels, ...ownLabels(options, machine) },
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    },
    spec: {
      ...(options.providerId === undefined ? {} : { providerID: options.providerId }),
      ...(options.nodeTaints.length === 0 ? {} : { taints: options.nodeTaints }),
    },
  };
}

/** Labels that the kubelet keeps right on an existing Node. */
export function ownLabels(options: NodeOptions, machine: Machine): Readonly<Record<string, string>> {
  return {
    "kubernetes.io/hostname": options.nodeName.toLowerCase(),
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": machine.architecture,
    "beta.kubernetes.io/os": "linux",
    "beta.kubernetes.io/arch": machine.architecture,
  };
}

/** The parts of the status that do not change by the second. */
export function nodeStatus(
  options: NodeOptions,
  machine: Machine,
  runtime: {
    readonly version: string;
    readonly images: readonly Image[];
    readonly handlers: NodeStatus["runtimeHandlers"];
  },
): NodeStatus {
  return {
    addresses: addresses(options),
    capacity: capacity(options, machine),
    allocatable: allocatable(options, machine),
    daemonEndpoints: { kubeletEndpoint: { Port: options.kubeletPort } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: runtime.version,
      kubeletVersion: options.version,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: machine.architecture,
      ...(machine.swapBytes === 0 ? {} : { swap: { capacity: machine.swapBytes } }),
    },
    images: imageList(runtime.images),
    ...(runtime.handlers === undefined || runtime.handlers.length === 0 ? {} : { runtimeHandlers: runtime.handlers }),
  };
}

function addresses(options: NodeOptions): NodeAddress[] {
  return [
    ...options.nodeIPs.map((address) => ({ type: "InternalIP", address })),
    { type: "Hostname", address: options.nodeName },
  ];
}

function capacity(options: NodeOptions, machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpuCount),
    memory: kibibytes(machine.memoryBytes),
    "ephemeral-storage": kibibytes(machine.ephemeralStorageBytes),
    ...Object.fromEntries(
      Object.entries(machine.hugepages).map(([size, bytes]) => [`hugepages-${size}`, binary(bytes)]),
    ),
    pods: String(options.maxPods),
  };
}

function allocatable(options: NodeOptions, machine: Machine): Record<string, string> {
  const { reserved } = options;
  const milliCpu = machine.cpuCount * 1000 - (reserved?.cpu ?? 0);
  const hugepages = Object.values(machine.hugepages).reduce((sum, bytes) => sum + bytes, 0);
  const memory = machine.memoryBytes - (reserved?.memory ?? 0) - evictionReserveMemoryBytes - hugepages;
  const disk = machine.ephemeralStorageBytes * (1 - evictionReserveDisk) - (reserved?.["ephemeral-storage"] ?? 0);
  return {
    ...capacity(options, machine),
    cpu: milliCpu % 1000 === 0 ? String(milliCpu / 1000) : `${milliCpu}m`,
    memory: kibibytes(Math.max(0, memory)),
    // Upstream tells it in bytes.
    "ephemeral-storage": String(Math.max(0, Math.floor(disk))),
  };
}

const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

function binary(bytes: number): string {
  if (bytes === 0) return "0";
  const units = ["", "Ki", "Mi", "Gi", "Ti"];
  let value = bytes;
  let unit = 0;
  while (value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${units[unit]}`;
}

function imageList(images: readonly Image[]): ContainerImage[] {
  return images
    .toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))
    .slice(0, maxImages)
    .map(({ repoDigests = [], repoTags = [], size = 0 }) => ({
      names: [...repoDigests, ...repoTags].slice(0, maxNamesPerImage),
      sizeBytes: size,
    }));
}
