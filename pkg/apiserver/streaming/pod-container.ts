import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import { badRequest, notFound } from "#pkg/errors/index.ts";
import type { ObjectReader, RequestInfo } from "../types.ts";

/** @throws 404 */
export function podOf(reader: ObjectReader, info: RequestInfo): Pod {
  const pod = reader.get("pods", info.namespace, info.name) as Pod | undefined;
  if (pod === undefined) throw notFound({ group: "", plural: "pods" }, info.name);
  return pod;
}

const names = (containers: readonly { readonly name: string }[]): string => containers.map((c) => c.name).join(" ");

/** The container that is meant: the named one, or the only one. @throws 400 with upstream's words */
export function containerOf(pod: Pod, asked: string): string {
  const containers: readonly Container[] = pod.spec?.containers ?? [];
  const initContainers = pod.spec?.initContainers ?? [];
  const ephemeral = pod.spec?.ephemeralContainers ?? [];
  if (asked !== "") {
    const all = [...containers, ...initContainers, ...ephemeral];
    if (all.some((container) => container.name === asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [first, ...others] = containers;
  if (first !== undefined && others.length === 0) return first.name;
  let message = `a container name must be specified for pod ${pod.metadata.name}`;
  if (first !== undefined) message += `, choose one of: [${names(containers)}]`;
  if (first !== undefined && initContainers.length > 0) {
    message += ` or one of the init containers: [${names(initContainers)}]`;
  }
  throw badRequest(message);
}

/** The pod's node. @throws 400 while it has none */
export function nodeNameOf(pod: Pod): string {
  const { nodeName = "" } = pod.spec ?? {};
  if (nodeName === "") throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return nodeName;
}
