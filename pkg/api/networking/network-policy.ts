import { fieldError } from "#pkg/errors/index.ts";
import { type Cidr, parseCidr } from "../address.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, checkLabelSelector, type Errors } from "../field-checks.ts";
import { formatLabelSelector } from "../labels.ts";
import { checkCidr, checkPortName, checkPortNumber } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../types/networking-v1.ts";

function validate(policy: NetworkPolicy): Errors {
  const errors: Errors = [];
  const { spec } = policy;
  checkLabelSelector(errors, "spec.podSelector", spec.podSelector);
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    checkPorts(errors, `spec.ingress[${i}].ports`, rule.ports);
    for (const [j, peer] of (rule.from ?? []).entries()) checkPeer(errors, `spec.ingress[${i}].from[${j}]`, peer);
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    checkPorts(errors, `spec.egress[${i}].ports`, rule.ports);
    for (const [j, peer] of (rule.to ?? []).entries()) checkPeer(errors, `spec.egress[${i}].to[${j}]`, peer);
  }
  const types = spec.policyTypes ?? [];
  if (types.length > 2) {
    errors.push(fieldError.invalid("spec.policyTypes", types, "may not specify more than two policyTypes"));
  }
  for (const [i, type] of types.entries()) checkEnum(errors, `spec.policyTypes[${i}]`, type, ["Egress", "Ingress"]);
  return errors;
}

function checkPorts(errors: Errors, path: string, ports: readonly NetworkPolicyPort[] | undefined): void {
  for (const [i, { port, endPort, protocol }] of (ports ?? []).entries()) {
    const at = `${path}[${i}]`;
    checkEnum(errors, `${at}.protocol`, protocol, ["SCTP", "TCP", "UDP"]);
    if (typeof port === "string") addInvalid(errors, `${at}.port`, port, checkPortName(port));
    else if (port !== undefined) addInvalid(errors, `${at}.port`, port, checkPortNumber(port));
    if (endPort === undefined) continue;
    if (typeof port === "string") {
      errors.push(fieldError.invalid(`${at}.endPort`, endPort, "may not be specified when `port` is non-numeric"));
    } else if (port === undefined) {
      errors.push(fieldError.invalid(`${at}.endPort`, endPort, "may not be specified when `port` is not specified"));
    } else if (endPort < port) {
      errors.push(fieldError.invalid(`${at}.endPort`, endPort, "must be greater than or equal to `port`"));
    } else addInvalid(errors, `${at}.endPort`, endPort, checkPortNumber(endPort));
  }
}

function checkPeer(errors: Errors, path: string, peer: NetworkPolicyPeer): void {
  checkLabelSelector(errors, `${path}.podSelector`, peer.podSelector);
  checkLabelSelector(errors, `${path}.namespaceSelector`, peer.namespaceSelector);
  const bySelector = peer.podSelector !== undefined || peer.namespaceSelector !== undefined;
  if (peer.ipBlock === undefined) {
    if (!bySelector) errors.push(fieldError.required(path, "must specify a peer"));
    return;
  }
  if (bySelector) errors.push(fieldError.forbidden(path, "may not specify both ipBlock and another peer"));
  const { cidr, except } = peer.ipBlock;
  const at = `${path}.ipBlock`;
  if (!cidr) {
    errors.push(fieldError.required(`${at}.cidr`));
    return;
  }
  const wrong = checkCidr(cidr);
  addInvalid(errors, `${at}.cidr`, cidr, wrong);
  if (wrong.length > 0) return;
  for (const [i, block] of (except ?? []).entries()) {
    const messages = checkCidr(block);
    addInvalid(errors, `${at}.except[${i}]`, block, messages);
    if (messages.length === 0 && !isStrictlyInside(parseCidr(block), parseCidr(cidr))) {
      errors.push(fieldError.invalid(`${at}.except[${i}]`, block, "must be a strict subset of `cidr`"));
    }
  }
}

const isStrictlyInside = (inner: Cidr, outer: Cidr): boolean =>
  inner.family === outer.family &&
  inner.prefix > outer.prefix &&
  inner.base >> BigInt(outer.hostBits) === outer.base >> BigInt(outer.hostBits);

export const networkPolicyStrategy = strategyOf<NetworkPolicy>({
  generation: true,
  defaults: (policy) => {
    policy.spec ??= {};
    const { spec } = policy;
    spec.podSelector ??= {};
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= "TCP";
    }
    // Rules about egress say that egress is meant.
    if ((spec.policyTypes ?? []).length === 0) {
      spec.policyTypes = (spec.egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
    }
  },
  validate,
  validateUpdate: validate,
  columns: [
    nameColumn,
    column("Pod-Selector", "Pods it is about", (p: NetworkPolicy) => formatLabelSelector(p.spec.podSelector)),
    ageColumn,
  ],
});
