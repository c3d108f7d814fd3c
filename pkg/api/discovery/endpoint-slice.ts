import { isIPv4, isIPv6 } from "node:net";
import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, checkImmutable, type Errors } from "../field-checks.ts";
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkNonSpecialIp,
  checkPortName,
  checkPortNumber,
  checkQualifiedName,
} from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Endpoint, EndpointSlice } from "../types/discovery-v1.ts";

const MAX_ENDPOINTS = 1000;
const MAX_PORTS = 20_000;
const MAX_ADDRESSES = 100;
const MAX_TOPOLOGY = 16;
const MAX_HINTS = 8;
const SHOWN = 3;

function validate(slice: EndpointSlice): Errors {
  const errors: Errors = [];
  checkEnum(errors, "addressType", slice.addressType, ["FQDN", "IPv4", "IPv6"]);
  const endpoints = slice.endpoints ?? [];
  if (endpoints.length > MAX_ENDPOINTS) errors.push(fieldError.tooMany("endpoints", endpoints.length, MAX_ENDPOINTS));
  for (let i = 0; i < endpoints.length; i++) {
    checkEndpoint(errors, `endpoints[${i}]`, endpoints[i] as Endpoint, slice.addressType);
  }
  checkPorts(errors, slice);
  return errors;
}

function checkEndpoint(errors: Errors, path: string, endpoint: Endpoint, type: string): void {
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) errors.push(fieldError.required(`${path}.addresses`, "must contain at least 1 address"));
  if (addresses.length > MAX_ADDRESSES) {
    errors.push(fieldError.tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES));
  }
  for (const [i, address] of addresses.entries()) {
    const at = `${path}.addresses[${i}]`;
    if (type === "FQDN") addInvalid(errors, at, address, checkDnsSubdomain(address));
    else {
      const isRight = type === "IPv6" ? isIPv6(address) : isIPv4(address);
      if (!isRight) errors.push(fieldError.invalid(at, address, `must be a valid ${type} address`));
      addInvalid(errors, at, address, checkNonSpecialIp(address));
    }
  }
  if (endpoint.nodeName)
    addInvalid(errors, `${path}.nodeName`, endpoint.nodeName, checkDnsSubdomain(endpoint.nodeName));
  const topology = Object.keys(endpoint.deprecatedTopology ?? {});
  if (topology.length > MAX_TOPOLOGY) {
    errors.push(fieldError.tooMany(`${path}.deprecatedTopology`, topology.length, MAX_TOPOLOGY));
  }
  for (const hints of ["forZones", "forNodes"] as const) {
    const all = endpoint.hints?.[hints] ?? [];
    const at = `${path}.hints.${hints}`;
    if (all.length > MAX_HINTS) errors.push(fieldError.tooMany(at, all.length, MAX_HINTS));
    for (const [i, { name }] of all.entries()) {
      if (all.findIndex((each) => each.name === name) < i) errors.push(fieldError.duplicate(`${at}[${i}].name`, name));
      addInvalid(errors, `${at}[${i}].name`, name, checkDnsSubdomain(name ?? ""));
    }
  }
  if (endpoint.hostname) addInvalid(errors, `${path}.hostname`, endpoint.hostname, checkDnsLabel(endpoint.hostname));
}

function checkPorts(errors: Errors, slice: EndpointSlice): void {
  const ports = slice.ports ?? [];
  if (ports.length > MAX_PORTS) errors.push(fieldError.tooMany("ports", ports.length, MAX_PORTS));
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = `ports[${i}]`;
    const name = port.name ?? "";
    if (name !== "") addInvalid(errors, `${at}.name`, name, checkPortName(name.slice(0, 15)));
    if (names.has(name)) errors.push(fieldError.duplicate(`${at}.name`, name));
    names.add(name);
    checkEnum(errors, `${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
    if (port.port !== undefined) addInvalid(errors, `${at}.port`, port.port, checkPortNumber(port.port));
    if (port.appProtocol)
      addInvalid(errors, `${at}.appProtocol`, port.appProtocol, checkQualifiedName(port.appProtocol));
  }
}

function few(items: readonly string[], none: string): string {
  if (items.length === 0) return none;
  return items.slice(0, SHOWN).join(",") + (items.length > SHOWN ? ` + ${items.length - SHOWN} more...` : "");
}

export const endpointSliceStrategy = strategyOf<EndpointSlice>({
  generation: true,
  defaults: (slice) => {
    slice.endpoints ??= [];
    slice.ports ??= [];
    for (const port of slice.ports) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate,
  validateUpdate: (slice, old) => {
    const errors = validate(slice);
    checkImmutable(errors, "addressType", slice.addressType, old.addressType);
    return errors;
  },
  columns: [
    nameColumn,
    column("AddressType", "IPv4, IPv6 or FQDN", (s: EndpointSlice) => s.addressType),
    column("Ports", "Ports of every endpoint", (s: EndpointSlice) =>
      few(
        (s.ports ?? []).map((p) => String(p.port ?? p.name ?? "*")),
        "<unset>",
      ),
    ),
    column("Endpoints", "Their addresses", (s: EndpointSlice) =>
      few(
        (s.endpoints ?? []).flatMap((e) => e.addresses),
        "<unset>",
      ),
    ),
    ageColumn,
  ],
});
