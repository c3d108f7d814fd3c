import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { PodSandboxConfig, PortMapping, Protocol } from "#pkg/cri/index.ts";
import type { ResolverConfig } from "./dns-config.ts";
import { kernelHostname, podHostname } from "./hostname.ts";
import { sandboxOverhead, sandboxResources } from "./resources.ts";
import { sandboxSecurityContext } from "./security-context.ts";
import { PodError } from "./types.ts";

/** What the node adds to a pod's sandbox. */
export interface SandboxFacts {
  /** "<log root>/<namespace>_<name>_<uid>" */
  readonly logDirectory: string;
  /** As containerd's cgroupfs driver wants it: "/kubepods/burstable/pod<uid>". */
  readonly cgroupParent: string;
  readonly clusterDomain: string;
  readonly dns: ResolverConfig;
  readonly seccompRoot: string;
}

/** The CRI's config of a pod's sandbox, without metadata, labels and annotations. Throws a PodError. */
export function sandboxConfig(pod: Pod, facts: SandboxFacts): PodSandboxConfig {
  const { spec } = pod;
  if (spec.hostUsers === false) {
    throw new PodError("FailedCreatePodSandBox", "spec.hostUsers: false is not supported: no user namespaces here");
  }
  const onHost = spec.hostNetwork === true;
  const sysctls = spec.securityContext?.sysctls ?? [];
  return {
    // A pod on the host's network has the node's name, which the runtime fills in.
    hostname: onHost ? "" : kernelHostname(pod, podHostname(pod, facts.clusterDomain)),
    logDirectory: facts.logDirectory,
    dnsConfig: facts.dns,
    portMappings: onHost ? [] : portMappings(pod),
    linux: {
      cgroupParent: facts.cgroupParent,
      securityContext: sandboxSecurityContext(pod, facts.seccompRoot),
      sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name.replaceAll("/", "."), value])),
      resources: sandboxResources(pod),
      ...(spec.overhead === undefined ? {} : { overhead: sandboxOverhead(pod) }),
    },
  };
}

/** Ports of containers and sidecars; the runtime maps those with a host port. One entry per address, port and protocol. */
function portMappings(pod: Pod): PortMapping[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  const seen = new Map<string, PortMapping>();
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const port of container.ports ?? []) {
      const protocol = (port.protocol ?? "TCP") as Protocol;
      const { containerPort, hostPort = 0, hostIP = "" } = port;
      const key = `${protocol}:${containerPort}:${hostPort}:${hostIP}`;
      if (!seen.has(key)) seen.set(key, { protocol, containerPort, hostPort, hostIp: hostIP });
    }
  }
  return [...seen.values()];
}
