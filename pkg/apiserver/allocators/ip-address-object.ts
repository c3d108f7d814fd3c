import { randomUUID } from "node:crypto";
import { isIPv6 } from "node:net";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { IPAddress } from "#pkg/api/types/networking-v1.ts";

export const IP_ADDRESSES = "networking.k8s.io/ipaddresses";
const MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
const ALLOCATOR = "ipallocator.k8s.io";

/** The IPAddress that says which Service has an address; in the form in which it is stored. */
export function ipAddressOf(address: string, service: string, nowMs: number): KubeObject {
  const [namespace = "", name = ""] = service.split("/");
  return {
    kind: "IPAddress",
    apiVersion: "networking.k8s.io/v1",
    metadata: {
      name: address,
      uid: randomUUID(),
      creationTimestamp: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
      labels: { "ipaddress.kubernetes.io/ip-family": isIPv6(address) ? "IPv6" : "IPv4", [MANAGED_BY]: ALLOCATOR },
    },
    spec: { parentRef: { resource: "services", namespace, name } },
  } as unknown as KubeObject;
}

/** "namespace/name" of the Service that an IPAddress was made for by the allocator; undefined for those of others. */
export function serviceOf(object: KubeObject): string | undefined {
  const { metadata, spec } = object as IPAddress;
  const parent = spec?.parentRef;
  if (metadata.labels?.[MANAGED_BY] !== ALLOCATOR || parent?.resource !== "services" || parent.group) return undefined;
  return `${parent.namespace ?? ""}/${parent.name}`;
}

export const isManaged = (object: KubeObject): boolean => object.metadata.labels?.[MANAGED_BY] === ALLOCATOR;
