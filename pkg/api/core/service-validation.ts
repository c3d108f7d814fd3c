import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkLabels, checkOptionalEnum, type Errors } from "../field-checks.ts";
import {
  checkCidr,
  checkDnsLabel,
  checkDnsSubdomain,
  checkIp,
  checkNonSpecialIp,
  checkPortName,
  checkPortNumber,
  checkQualifiedName,
} from "../names.ts";
import type { Service, ServicePort, ServiceSpec } from "../types/core-v1.ts";

const ONLY_LB = "may only be used when `type` is 'LoadBalancer'";
const MAX_AFFINITY_SECONDS = 86_400;

export function validateService(service: Service): Errors {
  const errors: Errors = [];
  const spec: ServiceSpec = service.spec ?? {};
  const isHeadless = spec.clusterIPs?.[0] === "None";
  const isExternalName = spec.type === "ExternalName";
  checkTopologyAnnotations(errors, service);
  if ((spec.ports ?? []).length === 0 && !isHeadless && !isExternalName) errors.push(fieldError.required("spec.ports"));
  if (isHeadless && (spec.type === "NodePort" || spec.type === "LoadBalancer")) {
    errors.push(fieldError.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`));
  }
  if (isExternalName) checkExternalName(errors, spec);
  const names = new Set<string>();
  for (const [i, port] of (spec.ports ?? []).entries()) {
    checkServicePort(errors, `spec.ports[${i}]`, port, (spec.ports ?? []).length > 1, names);
  }
  checkLabels(errors, "spec.selector", spec.selector);
  checkAffinity(errors, spec);
  if (!isExternalName) checkClusterIps(errors, spec, isHeadless);
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const wrong = checkIp(ip);
    addInvalid(errors, `spec.externalIPs[${i}]`, ip, wrong.length > 0 ? wrong : checkNonSpecialIp(ip));
  }
  checkEnum(errors, "spec.type", spec.type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
  checkPorts(errors, spec);
  checkLoadBalancer(errors, service);
  checkTraffic(errors, spec);
  return errors;
}

const TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";
const TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints";

function checkTopologyAnnotations(errors: Errors, { metadata: { annotations } }: Service): void {
  const mode = annotations?.[TOPOLOGY_MODE];
  const hints = annotations?.[TOPOLOGY_HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return;
  const why = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
  errors.push(fieldError.invalid(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, why));
}

function checkAffinity(errors: Errors, spec: ServiceSpec): void {
  checkEnum(errors, "spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  const at = "spec.sessionAffinityConfig";
  if (spec.sessionAffinity === "None" && spec.sessionAffinityConfig !== undefined) {
    errors.push(fieldError.forbidden(at, "must not be set when session affinity is None"));
  }
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (spec.sessionAffinity === "ClientIP" && (timeout <= 0 || timeout > MAX_AFFINITY_SECONDS)) {
    const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
    errors.push(fieldError.invalid(`${at}.clientIP.timeoutSeconds`, timeout, why));
  }
}

function checkExternalName(errors: Errors, spec: ServiceSpec): void {
  const NOT_HERE = "may not be set for ExternalName services";
  if ((spec.clusterIPs ?? []).length > 0) errors.push(fieldError.forbidden("spec.clusterIPs", NOT_HERE));
  if ((spec.ipFamilies ?? []).length > 0) errors.push(fieldError.forbidden("spec.ipFamilies", NOT_HERE));
  if (spec.ipFamilyPolicy !== undefined) errors.push(fieldError.forbidden("spec.ipFamilyPolicy", NOT_HERE));
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(fieldError.required("spec.externalName"));
  else addInvalid(errors, "spec.externalName", name, checkDnsSubdomain(name));
}

/** Upstream's ValidateServiceClusterIPsRelatedFields. */
function checkClusterIps(errors: Errors, spec: ServiceSpec, isHeadless: boolean): void {
  const at = "spec.clusterIPs";
  const ips = spec.clusterIPs ?? [];
  const families = spec.ipFamilies ?? [];
  if (spec.clusterIP && ips.length === 0) errors.push(fieldError.required(at));
  else if (spec.clusterIP && ips[0] !== spec.clusterIP) {
    errors.push(fieldError.invalid(at, ips, "first value must match `clusterIP`"));
  } else if (!spec.clusterIP && ips.length > 0) {
    errors.push(fieldError.invalid(at, ips, "must be empty when `clusterIP` is not specified"));
  }
  for (const [i, family] of families.entries()) {
    checkOptionalEnum(errors, `spec.ipFamilies[${i}]`, family, ["IPv4", "IPv6"]);
    if (families.indexOf(family) < i) errors.push(fieldError.duplicate(`spec.ipFamilies[${i}]`, family));
  }
  const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
  checkOptionalEnum(errors, "spec.ipFamilyPolicy", spec.ipFamilyPolicy, policies);
  const before = errors.length;
  for (const [i, ip] of ips.entries()) {
    if (i > 0 || ip !== "None") addInvalid(errors, `${at}[${i}]`, ip, checkIp(ip));
    else if (ips.length > 1) errors.push(fieldError.invalid(at, ips, "'None' must be the first and only value"));
  }
  const hasWrong = errors.length > before;
  if (ips.length > 2) errors.push(fieldError.invalid(at, ips, "may only hold up to 2 values"));
  if (hasWrong) return;
  if (ips.length > 1 && new Set(ips.map((ip) => ip.includes(":"))).size !== 2) {
    errors.push(fieldError.invalid(at, ips, "may specify no more than one IP for each IP family"));
  }
  if (isHeadless) return;
  for (const [i, ip] of ips.entries()) {
    const family = families[i];
    if (family !== undefined && (family === "IPv6") !== ip.includes(":")) {
      const why = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
      errors.push(fieldError.invalid(`${at}[${i}]`, ip, why));
    }
  }
}

/** What is given more than once, or not to be given at all. */
function checkPorts(errors: Errors, spec: ServiceSpec): void {
  const all = spec.ports ?? [];
  for (const [i, port] of all.entries()) {
    if (spec.type === "ClusterIP" && (port.nodePort ?? 0) !== 0) {
      errors.push(fieldError.forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  const seen = new Set<string>();
  const isNew = (key: string): boolean => !seen.has(key) && seen.add(key) !== undefined;
  for (const [i, { nodePort = 0, protocol }] of all.entries()) {
    if (nodePort !== 0 && !isNew(`node ${protocol}/${nodePort}`)) {
      errors.push(fieldError.duplicate(`spec.ports[${i}].nodePort`, nodePort));
    }
  }
  for (const [i, { port, protocol }] of all.entries()) {
    if (!isNew(`${protocol}/${port}`)) errors.push(fieldError.duplicate(`spec.ports[${i}]`, { port, protocol }));
  }
}

function checkServicePort(
  errors: Errors,
  path: string,
  port: ServicePort,
  needsName: boolean,
  names: Set<string>,
): void {
  if (!port.name) {
    if (needsName) errors.push(fieldError.required(`${path}.name`));
  } else {
    addInvalid(errors, `${path}.name`, port.name, checkDnsLabel(port.name));
    if (names.has(port.name)) errors.push(fieldError.duplicate(`${path}.name`, port.name));
    names.add(port.name);
  }
  addInvalid(errors, `${path}.port`, port.port ?? 0, checkPortNumber(port.port ?? 0));
  checkEnum(errors, `${path}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
  const target = port.targetPort;
  if (typeof target === "string") addInvalid(errors, `${path}.targetPort`, target, checkPortName(target));
  else if (target !== undefined) addInvalid(errors, `${path}.targetPort`, target, checkPortNumber(target));
  if (port.appProtocol)
    addInvalid(errors, `${path}.appProtocol`, port.appProtocol, checkQualifiedName(port.appProtocol));
}

function checkTraffic(errors: Errors, spec: ServiceSpec): void {
  const policies = ["Cluster", "Local"];
  const isReachable =
    spec.type === "NodePort" ||
    spec.type === "LoadBalancer" ||
    (spec.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0);
  const external = spec.externalTrafficPolicy;
  if (isReachable) checkEnum(errors, "spec.externalTrafficPolicy", external, policies);
  else if (external) {
    const why = "may only be set for externally-accessible services";
    errors.push(fieldError.invalid("spec.externalTrafficPolicy", external, why));
  }
  checkOptionalEnum(errors, "spec.internalTrafficPolicy", spec.internalTrafficPolicy, policies);
  checkOptionalEnum(errors, "spec.trafficDistribution", spec.trafficDistribution, [
    "PreferClose",
    "PreferSameNode",
    "PreferSameZone",
  ]);
  const health = spec.healthCheckNodePort ?? 0;
  if (spec.type === "LoadBalancer" && external === "Local") {
    if (health === 0) errors.push(fieldError.required("spec.healthCheckNodePort"));
    else addInvalid(errors, "spec.healthCheckNodePort", health, checkPortNumber(health));
  } else if (health !== 0) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(fieldError.invalid("spec.healthCheckNodePort", health, why));
  }
}

const SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges";

function checkLoadBalancer(errors: Errors, { metadata, spec }: Service): void {
  const isOne = spec.type === "LoadBalancer";
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[SOURCE_RANGES];
  if (ranges.length > 0) {
    if (!isOne) errors.push(fieldError.forbidden("spec.LoadBalancerSourceRanges", ONLY_LB));
    for (const [i, range] of ranges.entries()) {
      addInvalid(errors, `spec.LoadBalancerSourceRanges[${i}]`, range.trim(), checkCidr(range.trim()));
    }
  } else if (annotation !== undefined) {
    const at = `metadata.annotations[${SOURCE_RANGES}]`;
    if (!isOne) errors.push(fieldError.forbidden(at, ONLY_LB));
    for (const range of annotation.trim() === "" ? [] : annotation.split(",")) {
      addInvalid(errors, at, range.trim(), checkCidr(range.trim()));
    }
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isOne) {
    errors.push(fieldError.forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LB));
  }
  const { loadBalancerClass } = spec;
  if (loadBalancerClass === undefined) return;
  if (isOne) addInvalid(errors, "spec.loadBalancerClass", loadBalancerClass, checkQualifiedName(loadBalancerClass));
  else errors.push(fieldError.forbidden("spec.loadBalancerClass", ONLY_LB));
}

const hasAddress = (spec: ServiceSpec | undefined): boolean => spec?.type !== "ExternalName";

export function validateServiceUpdate(service: Service, old: Service): Errors {
  const errors: Errors = [];
  const spec = service.spec ?? {};
  const before = old.spec ?? {};
  if (hasAddress(spec) && hasAddress(before)) {
    const areHeadless = spec.clusterIPs?.[0] === "None" && before.clusterIPs?.[0] === "None";
    if (!areHeadless) checkClusterIpsKept(errors, spec, before);
    checkFamiliesKept(errors, spec, before);
  }
  const areLoadBalancers = spec.type === "LoadBalancer" && before.type === "LoadBalancer";
  if (areLoadBalancers && spec.loadBalancerClass !== before.loadBalancerClass) {
    errors.push(fieldError.invalid("spec.loadBalancerClass", spec.loadBalancerClass, "may not change once set"));
  }
  const checksHealth = (s: ServiceSpec): boolean => s.type === "LoadBalancer" && s.externalTrafficPolicy === "Local";
  if (checksHealth(spec) && checksHealth(before) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(fieldError.forbidden("spec.healthCheckNodePort", "field is immutable"));
  }
  return [...errors, ...validateService(service)];
}

function checkClusterIpsKept(errors: Errors, spec: ServiceSpec, old: ServiceSpec): void {
  const now = spec.clusterIPs ?? [];
  const before = old.clusterIPs ?? [];
  const changed = (i: number): void => {
    errors.push(fieldError.invalid(`spec.clusterIPs[${i}]`, now, "may not change once set"));
  };
  if (now.length === before.length) {
    for (const [i, ip] of before.entries()) if (ip !== now[i]) changed(i);
    return;
  }
  if (now.length === 0) {
    errors.push(fieldError.invalid("spec.clusterIPs[0]", now, "primary clusterIP can not be unset"));
  } else if (before.length > 0 && now[0] !== before[0]) changed(0);
  if (now.length === 1 && before.length === 2 && spec.ipFamilyPolicy !== "SingleStack") {
    const why = "must be set to 'SingleStack' when releasing the secondary clusterIP";
    errors.push(fieldError.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, why));
  }
}

function checkFamiliesKept(errors: Errors, spec: ServiceSpec, old: ServiceSpec): void {
  const now = spec.ipFamilies ?? [];
  const before = old.ipFamilies ?? [];
  const at = "spec.ipFamilies[0]";
  if (before.length === 0) return;
  if (now.length === 0) errors.push(fieldError.invalid(at, now, "primary ipFamily can not be unset"));
  else if (now[0] !== before[0]) errors.push(fieldError.invalid(at, now, "may not change once set"));
  if (now.length === 1 && before.length === 2 && spec.ipFamilyPolicy !== "SingleStack") {
    const why = "must be set to 'SingleStack' when releasing the secondary ipFamily";
    errors.push(fieldError.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, why));
  }
}

export function validateServiceStatusUpdate(service: Service): Errors {
  const errors: Errors = [];
  const path = "status.loadBalancer.ingress";
  const all = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec?.type !== "LoadBalancer" && all.length > 0) {
    return [fieldError.forbidden(path, 'may only be used when `spec.type` is "LoadBalancer"')];
  }
  for (const [i, ingress] of all.entries()) {
    const at = `${path}[${i}]`;
    if (ingress.ip) addInvalid(errors, `${at}.ip`, ingress.ip, checkIp(ingress.ip));
    if (ingress.ip && ingress.ipMode === undefined) {
      errors.push(fieldError.required(`${at}.ipMode`, "must be specified when `ip` is set"));
    } else if (!ingress.ip && ingress.ipMode !== undefined) {
      errors.push(fieldError.forbidden(`${at}.ipMode`, "may not be specified when `ip` is not set"));
    } else checkOptionalEnum(errors, `${at}.ipMode`, ingress.ipMode, ["Proxy", "VIP"]);
    if (!ingress.hostname) continue;
    addInvalid(errors, `${at}.hostname`, ingress.hostname, checkDnsSubdomain(ingress.hostname));
    if (checkIp(ingress.hostname).length === 0) {
      errors.push(fieldError.invalid(`${at}.hostname`, ingress.hostname, "must be a DNS name, not an IP address"));
    }
  }
  return errors;
}
