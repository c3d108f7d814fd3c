import type { Pod } from "#pkg/api/types/core-v1.ts";
import { PodError } from "./types.ts";

const MAX_LABEL = 63;
/** The kernel's limit of what uname can say. */
const MAX_KERNEL_HOSTNAME = 64;

/** A pod's name among its peers, and the domain a headless Service gives it ("" without one). */
export interface PodHostname {
  readonly hostname: string;
  readonly domain: string;
}

/** The first label of the pod's DNS name and its domain: spec.hostnameOverride, spec.hostname, or the pod's name. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, hostnameOverride, subdomain } = pod.spec;
  if (hostnameOverride !== undefined && hostnameOverride !== "") return { hostname: hostnameOverride, domain: "" };
  const domain =
    subdomain === undefined || subdomain === ""
      ? ""
      : `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`.replace(/\.$/, "");
  if (hostname !== undefined && hostname !== "") return { hostname, domain };
  return { hostname: pod.metadata.name.slice(0, MAX_LABEL).replace(/[-.]+$/, ""), domain };
}

/** What uname says inside the pod. */
export function kernelHostname(pod: Pod, { hostname, domain }: PodHostname): string {
  if (pod.spec.setHostnameAsFQDN !== true || domain === "") return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > MAX_KERNEL_HOSTNAME) {
    throw new PodError(
      "FailedCreatePodSandBox",
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (64 characters is the max, ${fqdn.length} characters requested)`,
    );
  }
  return fqdn;
}
