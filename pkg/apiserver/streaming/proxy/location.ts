import { isIP } from "node:net";
import type { Node, Pod, Service } from "#pkg/api/types/core-v1.ts";
import { type ApiError, badRequest, notFound, serviceUnavailable } from "#pkg/errors/index.ts";
import { anyEndpoint, servicePort } from "../../service-endpoint.ts";
import type { ObjectReader, RequestInfo } from "../../types.ts";
import { kubeletLocation, nodeAddress } from "../kubelet-location.ts";
import { podOf } from "../pod-container.ts";
import type { Location } from "../types.ts";

interface Target {
  readonly scheme: "http" | "https" | "";
  readonly name: string;
  /** A number, or a service port's name; "" where none is given. */
  readonly port: string;
}

/** "[http:|https:]NAME[:PORT]", as the name in a proxy path is written. @throws 400 */
export function splitTarget(id: string, what: string): Target {
  const invalid = (): ApiError => badRequest(`invalid ${what} request ${JSON.stringify(id)}`);
  const parts = id.split(":");
  const [first = "", second = "", third = ""] = parts;
  if (parts.length === 3) {
    if ((first !== "http" && first !== "https" && first !== "") || second === "") throw invalid();
    return { scheme: first, name: second, port: third };
  }
  if (parts.length > 3 || first === "") throw invalid();
  return { scheme: "", name: first, port: second };
}

/** Where a request to pods/proxy, services/proxy or nodes/proxy goes. `path` with its query. @throws ApiError */
export function proxyLocation(reader: ObjectReader, info: RequestInfo, path: string): Location {
  switch (info.resource) {
    case "pods":
      return podLocation(reader, info, path);
    case "services":
      return serviceLocation(reader, info, path);
    default:
      return nodeLocation(reader, info, path);
  }
}

function podLocation(reader: ObjectReader, info: RequestInfo, path: string): Location {
  const target = splitTarget(info.name, "pod");
  const pod: Pod = podOf(reader, { ...info, name: target.name });
  const scheme = target.scheme === "https" ? "https" : "http";
  const host = proxyable(pod.status?.podIP ?? "");
  const declared = pod.spec?.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const port = target.port === "" ? (declared ?? (scheme === "https" ? 443 : 80)) : portNumber(target.port);
  return { scheme, host, port, path, kubelet: false };
}

function nodeLocation(reader: ObjectReader, info: RequestInfo, path: string): Location {
  const target = splitTarget(info.name, "node");
  const kubelet = kubeletLocation(reader, target.name, path);
  if (target.port === "" || Number(target.port) === kubelet.port) return kubelet;
  const node = reader.get("nodes", "", target.name) as Node;
  const scheme = target.scheme === "https" ? "https" : "http";
  return { scheme, host: proxyable(nodeAddress(node)), port: portNumber(target.port), path, kubelet: false };
}

/** A ready endpoint of the service, picked at random. */
function serviceLocation(reader: ObjectReader, info: RequestInfo, path: string): Location {
  const { scheme, name, port } = splitTarget(info.name, "service");
  const service = reader.get("services", info.namespace, name) as Service | undefined;
  if (service === undefined) throw notFound({ group: "", plural: "services" }, name);
  const portName = /^\d+$/.test(port) ? servicePortName(service, Number(port)) : port;
  const picked = anyEndpoint(reader, info.namespace, name, portName);
  if (picked === undefined) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return {
    scheme: scheme === "https" ? "https" : "http",
    host: proxyable(picked.host),
    port: picked.port,
    path,
    kubelet: false,
  };
}

function servicePortName(service: Service, number: number): string {
  const found = servicePort(service, number);
  if (found !== undefined) return found.name ?? "";
  throw serviceUnavailable(`no service port ${number} found for service ${JSON.stringify(service.metadata.name)}`);
}

function portNumber(port: string): number {
  const number = Number(port);
  if (/^\d+$/.test(port) && number >= 1 && number <= 65535) return number;
  throw badRequest(`invalid port ${JSON.stringify(port)}`);
}

/** Status can be written by nodes: it must not make the API server speak to itself or to link-local services. */
function proxyable(host: string): string {
  const notAllowed = /^(127\.|169\.254\.|0\.|2(2[4-9]|3\d)\.|::1?$|fe[89ab]|ff)/i;
  if (host === "" || (isIP(host) !== 0 && notAllowed.test(host))) throw badRequest("address not allowed");
  return host;
}
