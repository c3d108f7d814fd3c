import { isIP } from "node:net";
import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, type Errors } from "../field-checks.ts";
import {
  checkDns1035Label,
  checkDnsSubdomain,
  checkIp,
  checkPortName,
  checkPortNumber,
  checkWildcardDnsSubdomain,
} from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { HTTPIngressPath, Ingress, IngressBackend } from "../types/networking-v1.ts";

function validate(ingress: Ingress): Errors {
  const errors: Errors = [];
  const { spec } = ingress;
  const rules = spec.rules ?? [];
  if (rules.length === 0 && spec.defaultBackend === undefined) {
    errors.push(fieldError.invalid("spec", rules, "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec.defaultBackend !== undefined) checkBackend(errors, "spec.defaultBackend", spec.defaultBackend);
  for (const [i, rule] of rules.entries()) {
    if (rule.host) checkHost(errors, `spec.rules[${i}].host`, rule.host);
    if (rule.http === undefined) continue;
    if ((rule.http.paths ?? []).length === 0) errors.push(fieldError.required(`spec.rules[${i}].http.paths`));
    for (const [j, path] of (rule.http.paths ?? []).entries())
      checkPath(errors, `spec.rules[${i}].http.paths[${j}]`, path);
  }
  for (const [i, tls] of (spec.tls ?? []).entries()) {
    for (const [j, host] of (tls.hosts ?? []).entries()) checkHost(errors, `spec.tls[${i}].hosts[${j}]`, host);
    if (tls.secretName)
      addInvalid(errors, `spec.tls[${i}].secretName`, tls.secretName, checkDnsSubdomain(tls.secretName));
  }
  if (spec.ingressClassName !== undefined) {
    addInvalid(errors, "spec.ingressClassName", spec.ingressClassName, checkDnsSubdomain(spec.ingressClassName));
  }
  return errors;
}

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

function validateNew(ingress: Ingress): Errors {
  const errors = validate(ingress);
  const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION];
  if (annotation !== undefined && ingress.spec.ingressClassName !== undefined) {
    const why = "can not be set when the class field is also set";
    errors.push(fieldError.invalid(`annotations.${CLASS_ANNOTATION}`, annotation, why));
  }
  return errors;
}

function validateStatusUpdate(ingress: Ingress): Errors {
  const errors: Errors = [];
  for (const [i, { ip, hostname }] of (ingress.status?.loadBalancer?.ingress ?? []).entries()) {
    const at = `status.loadBalancer.ingress[${i}]`;
    if (ip) addInvalid(errors, `${at}.ip`, ip, checkIp(ip));
    if (!hostname) continue;
    addInvalid(errors, `${at}.hostname`, hostname, checkDnsSubdomain(hostname));
    if (isIP(hostname) !== 0) {
      errors.push(fieldError.invalid(`${at}.hostname`, hostname, "must be a DNS name, not an IP address"));
    }
  }
  return errors;
}

function checkHost(errors: Errors, path: string, host: string): void {
  if (isIP(host) !== 0) errors.push(fieldError.invalid(path, host, "must be a DNS name, not an IP address"));
  const check = host.includes("*") ? checkWildcardDnsSubdomain : checkDnsSubdomain;
  addInvalid(errors, path, host, check(host));
}

function checkPath(errors: Errors, at: string, path: HTTPIngressPath): void {
  if (path.pathType === undefined) errors.push(fieldError.required(`${at}.pathType`, "pathType must be specified"));
  else checkEnum(errors, `${at}.pathType`, path.pathType, ["Exact", "ImplementationSpecific", "Prefix"]);
  const text = path.path ?? "";
  if (path.pathType === "Exact" || path.pathType === "Prefix") {
    if (!text.startsWith("/")) errors.push(fieldError.invalid(`${at}.path`, text, "must be an absolute path"));
    for (const part of ["//", "/./", "/../", "%2f", "%2F"]) {
      if (text.includes(part)) errors.push(fieldError.invalid(`${at}.path`, text, `must not contain '${part}'`));
    }
    for (const end of ["/..", "/."]) {
      if (text.endsWith(end)) errors.push(fieldError.invalid(`${at}.path`, text, `cannot end with '${end}'`));
    }
  } else if (text !== "" && !text.startsWith("/")) {
    errors.push(fieldError.invalid(`${at}.path`, text, "must be an absolute path"));
  }
  checkBackend(errors, `${at}.backend`, path.backend ?? {});
}

function checkBackend(errors: Errors, path: string, backend: IngressBackend): void {
  const { resource, service } = backend;
  if (resource !== undefined && service !== undefined) {
    errors.push(fieldError.invalid(path, "", "cannot set both resource and service backends"));
  } else if (resource !== undefined) {
    if (!resource.kind) errors.push(fieldError.required(`${path}.resource.kind`));
    if (!resource.name) errors.push(fieldError.required(`${path}.resource.name`));
  } else if (service === undefined) errors.push(fieldError.required(path, "port name or number is required"));
  else {
    if (!service.name) errors.push(fieldError.required(`${path}.service.name`));
    else addInvalid(errors, `${path}.service.name`, service.name, checkDns1035Label(service.name));
    const { name, number = 0 } = service.port ?? {};
    if (name && number !== 0) errors.push(fieldError.invalid(path, "", "cannot set both port name & port number"));
    else if (name) addInvalid(errors, `${path}.service.port.name`, name, checkPortName(name));
    else if (number === 0) errors.push(fieldError.required(path, "port name or number is required"));
    else addInvalid(errors, `${path}.service.port.number`, number, checkPortNumber(number));
  }
}

const hosts = (ingress: Ingress): string => {
  const named = (ingress.spec.rules ?? []).map((r) => r.host ?? "").filter((host) => host !== "");
  if (named.length === 0) return "*";
  return named.slice(0, 3).join(",") + (named.length > 3 ? ` + ${named.length - 3} more...` : "");
};
const addresses = (ingress: Ingress): string =>
  (ingress.status?.loadBalancer?.ingress ?? [])
    .map((i) => i.ip || i.hostname || "")
    .filter((a) => a !== "")
    .join(",");

export const ingressStrategy = strategyOf<Ingress>({
  ...separateStatus<Ingress>(() => ({ loadBalancer: {} })),
  generation: true,
  defaults: (ingress) => {
    ingress.spec ??= {};
    ingress.status ??= { loadBalancer: {} };
    ingress.status.loadBalancer ??= {};
  },
  validate: validateNew,
  validateUpdate: validate,
  validateStatusUpdate,
  warnings: (ingress, old) =>
    old === undefined && ingress.metadata.annotations?.[CLASS_ANNOTATION] !== undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
  columns: [
    nameColumn,
    column("Class", "Who serves it", (i: Ingress) => i.spec.ingressClassName ?? "<none>"),
    column("Hosts", "Names it answers to", hosts),
    column("Address", "Where it is reached", addresses),
    column("Ports", "Ports it listens on", (i: Ingress) => ((i.spec.tls ?? []).length > 0 ? "80, 443" : "80")),
    ageColumn,
  ],
});
