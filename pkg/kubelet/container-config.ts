import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { ContainerConfig, Device, LinuxContainerResources, Mount, Signal } from "#pkg/cri/index.ts";
import { expand } from "./expansion.ts";
import { containerSecurityContext, type SecurityFacts } from "./security-context.ts";
import type { AnyContainer } from "./types.ts";

/** Everything of a container's config that had to be read or made beforehand. */
export interface ContainerParts {
  /** What the runtime resolved the image to. */
  readonly imageRef: string;
  readonly attempt: number;
  readonly env: ReadonlyMap<string, string>;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly resources: LinuxContainerResources;
  readonly security: SecurityFacts;
}

/** The CRI's config of a container, without metadata, labels and annotations. Throws a PodError. */
export function containerConfig(pod: Pod, container: AnyContainer, parts: ContainerParts): ContainerConfig {
  const expanded = (texts: readonly string[] = []): string[] =>
    texts.map((text) => expand(text, (name) => parts.env.get(name)));
  const stopSignal = container.lifecycle?.stopSignal;
  return {
    image: { image: parts.imageRef, userSpecifiedImage: container.image ?? "" },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? "",
    envs: [...parts.env].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: parts.mounts,
    devices: parts.devices,
    logPath: containerLogPath(container.name, parts.attempt),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: parts.resources,
      securityContext: containerSecurityContext(pod, container, parts.security),
    },
    ...(stopSignal === undefined ? {} : { stopSignal: stopSignal as Signal }),
  };
}

/** Where a container's log lies below its pod's log directory. */
export function containerLogPath(container: string, attempt: number): string {
  return `${container}/${attempt}.log`;
}
