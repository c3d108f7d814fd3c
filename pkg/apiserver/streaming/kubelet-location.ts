import type { Node } from "#pkg/api/types/core-v1.ts";
import { ApiError, notFound } from "#pkg/errors/index.ts";
import type { ObjectReader } from "../types.ts";
import type { Location } from "./types.ts";

/** In which order a node's addresses are tried for its kubelet; names last, since they may not resolve. */
const ADDRESS_TYPES = ["InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS", "Hostname"];
const KUBELET_PORT = 10250;

/** A path of the kubelet's API on the named node. @throws 404 for an unknown node, 500 where it has no address */
export function kubeletLocation(reader: ObjectReader, nodeName: string, path: string): Location {
  const node = reader.get("nodes", "", nodeName) as Node | undefined;
  if (node === undefined) throw notFound({ group: "", plural: "nodes" }, nodeName);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  return { scheme: "https", host: nodeAddress(node), port: port === 0 ? KUBELET_PORT : port, path, kubelet: true };
}

export function nodeAddress(node: Node): string {
  for (const type of ADDRESS_TYPES) {
    const found = node.status?.addresses?.find((address) => address.type === type);
    if (found !== undefined) return found.address;
  }
  throw new ApiError(500, "Unknown", `no preferred addresses found; known addresses: [] (node ${node.metadata.name})`);
}
