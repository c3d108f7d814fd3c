// What a Service's type makes of its allocated fields; pure (upstream's service strategy and storage).
import { isIPv6 } from "node:net";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Service, ServiceSpec } from "#pkg/api/types/core-v1.ts";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";

export type Spec = Mutable<ServiceSpec>;
type IpFamily = "IPv4" | "IPv6";

export const needsClusterIp = (spec: ServiceSpec): boolean => spec.type !== "ExternalName";
export const isHeadless = (spec: ServiceSpec): boolean => needsClusterIp(spec) && spec.clusterIPs?.[0] === "None";
export const needsNodePort = (spec: ServiceSpec): boolean =>
  spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
export const mayHaveNodePort = (spec: ServiceSpec): boolean => spec.type === "NodePort" || spec.type === "LoadBalancer";
export const needsHealthCheckNodePort = (spec: ServiceSpec): boolean =>
  spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";

/** clusterIP is the first of clusterIPs; clients may write either. */
export function normalizeClusterIps(spec: Spec, old: ServiceSpec | undefined): void {
  const ips = spec.clusterIPs ?? [];
  if (old === undefined) {
    if (spec.clusterIP && ips.length === 0) spec.clusterIPs = [spec.clusterIP];
    else if (!spec.clusterIP && ips[0] !== undefined) spec.clusterIP = ips[0];
    return;
  }
  const sameList = JSON.stringify(ips) === JSON.stringify(old.clusterIPs ?? []);
  const same = (spec.clusterIP ?? "") === (old.clusterIP ?? "");
  // An old client that knows only clusterIP cleared or changed it, or one that knows both did.
  if (!same && sameList) {
    if (!spec.clusterIP) delete spec.clusterIPs;
    else spec.clusterIPs = [spec.clusterIP];
  } else if (same && !sameList && ips.length === 0) {
    delete spec.clusterIP;
  } else if (same && !sameList && ips[0] !== undefined) spec.clusterIP = ips[0];
}

/** A client that writes a Service without what was allocated to it keeps it. */
export function keepAllocated(spec: Spec, old: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    if (!spec.clusterIP && (spec.clusterIPs ?? []).length === 0) {
      if (old.clusterIP !== undefined) spec.clusterIP = old.clusterIP;
      if (old.clusterIPs !== undefined) spec.clusterIPs = [...old.clusterIPs];
    }
    spec.ipFamilyPolicy ??= old.ipFamilyPolicy;
    if ((spec.ipFamilies ?? []).length === 0 && old.ipFamilies !== undefined) spec.ipFamilies = [...old.ipFamilies];
  }
  if (mayHaveNodePort(spec) && mayHaveNodePort(old)) {
    const key = (p: { protocol?: string; port: number }): string => `${p.protocol}/${p.port}`;
    const oldPorts = new Map((old.ports ?? []).map((p) => [key(p), p.nodePort ?? 0]));
    const used = new Set((spec.ports ?? []).map((p) => p.nodePort ?? 0));
    for (const port of spec.ports ?? []) {
      const before = oldPorts.get(key(port)) ?? 0;
      if ((port.nodePort ?? 0) === 0 && before !== 0 && !used.has(before)) port.nodePort = before;
    }
  }
  if (needsHealthCheckNodePort(spec) && needsHealthCheckNodePort(old) && (spec.healthCheckNodePort ?? 0) === 0) {
    if (old.healthCheckNodePort !== undefined) spec.healthCheckNodePort = old.healthCheckNodePort;
  }
}

/** A change of type drops what only the old type had, unless the client changed the field too and so means it. */
export function dropTypeDependentFields(spec: Spec, old: ServiceSpec): void {
  const unchanged = (field: keyof ServiceSpec): boolean => JSON.stringify(spec[field]) === JSON.stringify(old[field]);
  const drop = (...fields: (keyof Spec)[]): void => {
    for (const field of fields) if (unchanged(field)) delete spec[field];
  };
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    drop("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy");
  }
  if (mayHaveNodePort(old) && !mayHaveNodePort(spec)) {
    const before = new Set((old.ports ?? []).map((p) => p.nodePort ?? 0));
    for (const port of spec.ports ?? []) if (before.has(port.nodePort ?? 0)) delete port.nodePort;
    if ((spec.externalIPs ?? []).length === 0) drop("externalTrafficPolicy");
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(spec)) drop("healthCheckNodePort");
  if (old.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    drop("allocateLoadBalancerNodePorts", "loadBalancerClass");
  }
  if (old.type === "ExternalName" && spec.type !== "ExternalName") drop("externalName");
}

const familyOf = (ip: string): IpFamily => (isIPv6(ip) ? "IPv6" : "IPv4");
const other = (family: IpFamily): IpFamily => (family === "IPv4" ? "IPv6" : "IPv4");

/** Fills in ipFamilyPolicy and ipFamilies on a cluster that serves one family; returns what it cannot serve. */
export function initIpFamilies(spec: Spec, served: IpFamily): FieldError[] {
  if (!needsClusterIp(spec)) return [];
  const ips = (spec.clusterIPs ?? []).filter((ip) => ip !== "" && ip !== "None");
  // Endpoints of a headless service without a selector are the user's own, of whatever family.
  if (isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0) {
    spec.ipFamilyPolicy ??= "RequireDualStack";
    const first = (spec.ipFamilies?.[0] as IpFamily | undefined) ?? served;
    if (spec.ipFamilyPolicy === "SingleStack") spec.ipFamilies = [first];
    else if ((spec.ipFamilies ?? []).length < 2) spec.ipFamilies = [first, other(first)];
    return [];
  }
  if (spec.ipFamilyPolicy === undefined && ((spec.ipFamilies ?? []).length > 1 || ips.length > 1)) {
    return [
      fieldError.required(
        "spec.ipFamilyPolicy",
        "must be set to PreferDualStack or RequireDualStack when more than one family or address is given",
      ),
    ];
  }
  spec.ipFamilyPolicy ??= "SingleStack";
  if (spec.ipFamilyPolicy === "RequireDualStack") {
    return [
      fieldError.invalid(
        "spec.ipFamilyPolicy",
        spec.ipFamilyPolicy,
        "this cluster is not configured for dual-stack services",
      ),
    ];
  }
  const errors = (spec.ipFamilies ?? []).flatMap((family, i) =>
    family === served ? [] : [fieldError.invalid(`spec.ipFamilies[${i}]`, family, "not configured on this cluster")],
  );
  for (const [i, ip] of ips.entries()) {
    if (familyOf(ip) !== served) {
      errors.push(fieldError.invalid(`spec.clusterIPs[${i}]`, ip, `${familyOf(ip)} is not configured on this cluster`));
    }
  }
  if (errors.length === 0) spec.ipFamilies = [served];
  return errors;
}

export const nodePortsOf = (service: Service): number[] => [
  ...new Set((service.spec?.ports ?? []).map((p) => p.nodePort ?? 0).filter((p) => p !== 0)),
];
