import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, type Errors } from "../field-checks.ts";
import {
  checkDnsLabel,
  checkDnsSubdomain,
  checkIp,
  checkNonSpecialIp,
  checkPortNumber,
  checkQualifiedName,
} from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Endpoints } from "../types/core-v1.ts";

const SHOWN = 3;

function validate(endpoints: Endpoints): Errors {
  const errors: Errors = [];
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
    const at = `subsets[${i}]`;
    const ready = subset.addresses ?? [];
    const notReady = subset.notReadyAddresses ?? [];
    if (ready.length === 0 && notReady.length === 0) {
      errors.push(fieldError.required(at, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (const [field, addresses] of [
      ["addresses", ready],
      ["notReadyAddresses", notReady],
    ] as const) {
      for (const [j, address] of addresses.entries()) {
        const path = `${at}.${field}[${j}]`;
        const { ip, hostname, nodeName } = address;
        addInvalid(errors, `${path}.ip`, ip, checkIp(ip ?? ""));
        if (hostname) addInvalid(errors, `${path}.hostname`, hostname, checkDnsLabel(hostname));
        if (nodeName !== undefined) addInvalid(errors, `${path}.nodeName`, nodeName, checkDnsSubdomain(nodeName));
        addInvalid(errors, `${path}.ip`, ip, checkNonSpecialIp(ip ?? ""));
      }
    }
    const ports = subset.ports ?? [];
    for (const [j, port] of ports.entries()) {
      const path = `${at}.ports[${j}]`;
      if (port.name) addInvalid(errors, `${path}.name`, port.name, checkDnsLabel(port.name));
      else if (ports.length > 1) errors.push(fieldError.required(`${path}.name`));
      addInvalid(errors, `${path}.port`, port.port, checkPortNumber(port.port ?? 0));
      checkEnum(errors, `${path}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
      if (port.appProtocol !== undefined) {
        addInvalid(errors, `${path}.appProtocol`, port.appProtocol, checkQualifiedName(port.appProtocol));
      }
    }
  }
  return errors;
}

function shown(endpoints: Endpoints): string {
  const all = (endpoints.subsets ?? []).flatMap((subset) =>
    (subset.ports ?? []).length === 0
      ? (subset.addresses ?? []).map((a) => a.ip)
      : (subset.ports ?? []).flatMap((port) =>
          (subset.addresses ?? []).map((a) =>
            (a.ip ?? "").includes(":") ? `[${a.ip}]:${port.port}` : `${a.ip}:${port.port}`,
          ),
        ),
  );
  if (all.length === 0) return "<none>";
  const rest = all.length - SHOWN;
  return all.slice(0, SHOWN).join(",") + (rest > 0 ? ` + ${rest} more...` : "");
}

export const endpointsStrategy = strategyOf<Endpoints>({
  allowCreateOnUpdate: true,
  defaults: (endpoints) => {
    for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
  },
  validate,
  validateUpdate: validate,
  warnings: () => ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
  columns: [nameColumn, column("Endpoints", "Addresses and ports", shown), ageColumn],
});
