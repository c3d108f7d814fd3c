import type { Service } from "#pkg/api/types/core-v1.ts";

/**
 * The variables that point to Services, as Docker links once did: `<NAME>_SERVICE_HOST`, `<NAME>_PORT_<P>_TCP`…
 * Pods always see `default/kubernetes`; the Services of their own namespace unless `enableServiceLinks` is false.
 */
export function serviceEnv(
  services: Iterable<Service>,
  namespace: string,
  enableServiceLinks: boolean,
): Map<string, string> {
  const env = new Map<string, string>();
  const linked = [...services].filter((service) => isLinked(service, namespace, enableServiceLinks));
  // The own namespace wins where it has a Service called "kubernetes" too.
  linked.sort((a, b) => Number(a.metadata.namespace === namespace) - Number(b.metadata.namespace === namespace));
  for (const service of linked) addService(env, service);
  return env;
}

function isLinked(service: Service, namespace: string, enableServiceLinks: boolean): boolean {
  const ip = service.spec.clusterIP;
  if (ip === undefined || ip === "" || ip === "None") return false;
  if (service.metadata.namespace === "default" && service.metadata.name === "kubernetes") return true;
  return enableServiceLinks && service.metadata.namespace === namespace;
}

const envName = (name: string): string => name.toUpperCase().replaceAll("-", "_");

function addService(env: Map<string, string>, service: Service): void {
  const prefix = envName(service.metadata.name);
  const ip = service.spec.clusterIP ?? "";
  const host = ip.includes(":") ? `[${ip}]` : ip;
  const ports = service.spec.ports ?? [];
  env.set(`${prefix}_SERVICE_HOST`, ip);
  const [first] = ports;
  if (first !== undefined) env.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) {
    if (port.name !== undefined && port.name !== "")
      env.set(`${prefix}_SERVICE_PORT_${envName(port.name)}`, String(port.port));
  }
  for (const [index, port] of ports.entries()) {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    if (index === 0) env.set(`${prefix}_PORT`, url);
    const portPrefix = `${prefix}_PORT_${port.port}_${protocol}`;
    env.set(portPrefix, url);
    env.set(`${portPrefix}_PROTO`, protocol.toLowerCase());
    env.set(`${portPrefix}_PORT`, String(port.port));
    env.set(`${portPrefix}_ADDR`, ip);
  }
}
