import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkLabels, checkOptionalEnum, type Errors } from "../field-checks.ts";
import {
  checkCidr,
  checkDnsLabel,
  checkDnsSubdomain,
  checkIp,
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
  if ((spec.ports ?? []).length === 0 && !isHeadless && !isExternalName) errors.push(fieldError.required("spec.ports"));
  checkEnum(errors, "spec.type", spec.type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
  if (isExternalName) checkExternalName(errors, spec);
  if (isHeadless && (spec.type === "NodePort" || spec.type === "LoadBalancer")) {
    errors.push(fieldError.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`));
  }
  checkClusterIps(errors, spec);
  checkPorts(errors, spec);
  checkLabels(errors, "spec.selector", spec.selector);
  checkEnum(errors, "spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (
    spec.sessionAffinity === "ClientIP" &&
    (timeout === undefined || timeout <= 0 || timeout > MAX_AFFINITY_SECONDS)
  ) {
    const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
    errors.push(fieldError.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout, why));
  }
  for (const [i, ip] of (spec.externalIPs ?? []).entries()) {
    const at = `spec.externalIPs[${i}]`;
    addInvalid(errors, at, ip, checkIp(ip));
    if (/^127\.|^::1$|^169\.254\.|^0\.0\.0\.0$|^::$/.test(ip)) {
      errors.push(fieldError.invalid(at, ip, "may not be an unspecified, loopback or link-local address"));
    }
  }
  checkTraffic(errors, spec);
  checkLoadBalancer(errors, spec);
  return errors;
}

function checkExternalName(errors: Errors, spec: ServiceSpec): void {
  if ((spec.clusterIPs ?? []).length > 0) {
    errors.push(fieldError.forbidden("spec.clusterIPs", "may not be set when `type` is 'ExternalName'"));
  }
  const name = spec.externalName ?? "";
  if (name === "") errors.push(fieldError.required("spec.externalName"));
  else addInvalid(errors, "spec.externalName", name, checkDnsSubdomain(name.replace(/\.$/, "")));
}

function checkClusterIps(errors: Errors, spec: ServiceSpec): void {
  const ips = spec.clusterIPs ?? [];
  if (spec.clusterIP && ips[0] !== spec.clusterIP) {
    errors.push(fieldError.invalid("spec.clusterIPs", ips, "first value must match `clusterIP`"));
  }
  if (ips.length > 1 && ips.includes("None")) {
    errors.push(fieldError.invalid("spec.clusterIPs", ips, "'None' must be the first and only value"));
  }
  if (ips.length > 2) errors.push(fieldError.invalid("spec.clusterIPs", ips, "may only hold up to 2 values"));
  for (const [i, ip] of ips.entries()) {
    if (ip !== "None") addInvalid(errors, `spec.clusterIPs[${i}]`, ip, checkIp(ip));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    checkOptionalEnum(errors, `spec.ipFamilies[${i}]`, family, ["IPv4", "IPv6"]);
  }
  const policies = ["SingleStack", "PreferDualStack", "RequireDualStack"];
  checkOptionalEnum(errors, "spec.ipFamilyPolicy", spec.ipFamilyPolicy, policies);
}

function checkPorts(errors: Errors, spec: ServiceSpec): void {
  const names = new Set<string>();
  const ports = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [i, port] of (spec.ports ?? []).entries()) {
    const at = `spec.ports[${i}]`;
    checkServicePort(errors, at, port, (spec.ports ?? []).length > 1, names);
    const nodePort = port.nodePort ?? 0;
    if (nodePort !== 0 && spec.type === "ClusterIP") {
      errors.push(fieldError.forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
    if (nodePort !== 0 && nodePorts.has(`${port.protocol}/${nodePort}`)) {
      errors.push(fieldError.duplicate(`${at}.nodePort`, nodePort));
    }
    nodePorts.add(`${port.protocol}/${nodePort}`);
    const key = `${port.protocol}/${port.port}`;
    if (ports.has(key)) errors.push(fieldError.duplicate(at, { port: port.port, protocol: port.protocol }));
    ports.add(key);
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
    addInvalid(errors, "spec.healthCheckNodePort", health, checkPortNumber(health));
  } else if (health !== 0) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(fieldError.invalid("spec.healthCheckNodePort", health, why));
  }
}

function checkLoadBalancer(errors: Errors, spec: ServiceSpec): void {
  for (const [i, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    addInvalid(errors, `spec.loadBalancerSourceRanges[${i}]`, range, checkCidr(range.trim()));
  }
  if (spec.loadBalancerClass !== undefined) {
    addInvalid(errors, "spec.loadBalancerClass", spec.loadBalancerClass, checkQualifiedName(spec.loadBalancerClass));
  }
  if (spec.type === "LoadBalancer") return;
  for (const field of ["loadBalancerSourceRanges", "allocateLoadBalancerNodePorts", "loadBalancerClass"] as const) {
    if (spec[field] !== undefined) errors.push(fieldError.forbidden(`spec.${field}`, ONLY_LB));
  }
}

const hasAddress = (spec: ServiceSpec | undefined): boolean => spec?.type !== "ExternalName";

export function validateServiceUpdate(service: Service, old: Service): Errors {
  const errors = validateService(service);
  if (
    old.spec?.type === "LoadBalancer" &&
    service.spec?.type === "LoadBalancer" &&
    service.spec.loadBalancerClass !== old.spec.loadBalancerClass
  ) {
    const { loadBalancerClass } = service.spec;
    errors.push(fieldError.invalid("spec.loadBalancerClass", loadBalancerClass, "may not change once set"));
  }
  const now = service.spec?.clusterIPs ?? [];
  const before = old.spec?.clusterIPs ?? [];
  if (!hasAddress(service.spec) || !hasAddress(old.spec) || before.length === 0) return errors;
  if (now.length === 0)
    errors.push(fieldError.invalid("spec.clusterIPs[0]", now, "primary clusterIP can not be unset"));
  else if (now[0] !== before[0]) errors.push(fieldError.invalid("spec.clusterIPs[0]", now, "may not change once set"));
  const family = old.spec?.ipFamilies?.[0];
  if (family !== undefined && service.spec?.ipFamilies?.[0] !== family) {
    errors.push(fieldError.invalid("spec.ipFamilies[0]", service.spec?.ipFamilies, "may not change once set"));
  }
  return errors;
}

export function validateServiceStatusUpdate(service: Service): Errors {
  const errors: Errors = [];
  for (const [i, ingress] of (service.status?.loadBalancer?.ingress ?? []).entries()) {
    const at = `status.loadBalancer.ingress[${i}]`;
    if (ingress.ip) addInvalid(errors, `${at}.ip`, ingress.ip, checkIp(ingress.ip));
    if (ingress.hostname) {
      addInvalid(errors, `${at}.hostname`, ingress.hostname, checkDnsSubdomain(ingress.hostname));
      if (checkIp(ingress.hostname).length === 0) {
        errors.push(fieldError.invalid(`${at}.hostname`, ingress.hostname, "must be a DNS name, not an IP address"));
      }
    }
    checkOptionalEnum(errors, `${at}.ipMode`, ingress.ipMode, ["Proxy", "VIP"]);
  }
  return errors;
}
