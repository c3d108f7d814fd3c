import { isTrue } from "../request-info.ts";
import type { RequestContext } from "../types.ts";
import type { RegistryServices, Target } from "./services.ts";
import { WriteAttributes } from "./write-attributes.ts";

/** Admission of a request that a stream or a proxy will answer: pods/exec, attach, portforward, and …/proxy. @throws 403 */
export async function admitConnect(services: RegistryServices, context: RequestContext): Promise<void> {
  const { info } = context;
  const definition = services.resources.find(info.group, info.version, info.resource);
  const kind = definition?.subresources[info.subresource]?.kind;
  if (definition === undefined || kind === undefined) return;
  const cache = services.cache.resource(definition.storage.prefix);
  const target: Target = { context, definition, cache, namespace: info.namespace, name: info.name };
  const object = { kind, apiVersion: "v1", ...connectOptions(context) };
  const seen = new WriteAttributes(services, target, { operation: "CONNECT", object, dryRun: false, name: info.name });
  await services.admission.admit(seen);
  await services.admission.validate(seen);
}

/** PodExecOptions, PodAttachOptions, PodPortForwardOptions, PodProxyOptions, …: what the query and path say. */
function connectOptions({ info, query }: RequestContext): object {
  const flag = (name: string): object => (isTrue(query.get(name)) ? { [name]: true } : {});
  const container = query.get("container") ?? "";
  const streams = {
    ...flag("stdin"),
    ...flag("stdout"),
    ...flag("stderr"),
    ...flag("tty"),
    ...(container === "" ? {} : { container }),
  };
  switch (info.subresource) {
    case "exec":
      return { ...streams, command: query.getAll("command") };
    case "attach":
      return streams;
    case "portforward": {
      const ports = query.getAll("ports").flatMap((each) => each.split(",").map(Number));
      return ports.length === 0 ? {} : { ports: ports.filter(Number.isInteger) };
    }
    default:
      return { path: `/${info.rest}` };
  }
}
