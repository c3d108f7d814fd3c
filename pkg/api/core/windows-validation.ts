// Rules of pods for Windows, and of those that say which system they are for.
import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import type { Container, EphemeralContainer, PodSpec, WindowsSecurityContextOptions } from "../types/core-v1.ts";

const MAX_CREDENTIAL_SPEC_BYTES = 64 * 1024;
const MAX_DOMAIN_BYTES = 256;
const MAX_USER_BYTES = 104;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/u;
const DNS_LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

/** Upstream's validateWindowsSecurityContextOptions. */
export function checkWindowsOptions(
  errors: Errors,
  path: string,
  options: WindowsSecurityContextOptions | undefined,
): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (name !== undefined) addInvalid(errors, `${path}.gmsaCredentialSpecName`, name, checkDnsSubdomain(name));
  const refuse = (field: string, value: string, why: string): void => {
    errors.push(fieldError.invalid(`${path}.${field}`, value, why));
  };
  if (spec === "") refuse("gmsaCredentialSpec", spec, "gmsaCredentialSpec cannot be an empty string");
  if (spec !== undefined && Buffer.byteLength(spec) > MAX_CREDENTIAL_SPEC_BYTES)
    refuse("gmsaCredentialSpec", spec, "gmsaCredentialSpec size must be under 64 KiB");
  if (user !== undefined) for (const why of userProblems(user)) refuse("runAsUserName", user, why);
}

/** Of `DOMAIN\USER`, or `USER` alone. */
function userProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (CONTROL.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const [user = "", domain] = parts.reverse();
  const found: string[] = [];
  if (domain !== undefined) {
    if (Buffer.byteLength(domain) >= MAX_DOMAIN_BYTES)
      found.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN_BYTES} characters`);
    if (!NETBIOS.test(domain) && !domain.split(".").every((label) => DNS_LABEL.test(label)))
      found.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === "") found.push("runAsUserName's User cannot be empty");
  if (Buffer.byteLength(user) > MAX_USER_BYTES)
    found.push(`runAsUserName's User length must not be longer than ${MAX_USER_BYTES} characters`);
  if (/^[. ]+$/.test(user)) found.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    found.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  return found;
}

/** Where one container is a process of the host, all are, and on the host's network. */
export function checkHostProcess(errors: Errors, path: string, spec: PodSpec): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const all = containersOf(spec);
  let count = 0;
  for (const [at, container] of all) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && own !== ofPod) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(fieldError.invalid(`${path}.${at}.securityContext.windowsOptions.hostProcess`, own, why));
    }
    if (own ?? ofPod ?? false) count++;
  }
  if (count === 0) return;
  if (count !== all.length) {
    const why = "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(fieldError.invalid(path, "", why));
  }
  if (spec.hostNetwork !== true) {
    const why = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.push(fieldError.invalid(`${path}.hostNetwork`, false, why));
  }
}

const NOT_OF_WINDOWS_POD = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const;
const NOT_OF_WINDOWS_CONTAINER = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

/** `spec.os` is one there is, and nothing is set that the other one has alone. */
export function checkOs(errors: Errors, path: string, spec: PodSpec): void {
  const { os } = spec;
  if (os === undefined) return;
  if (!os.name) errors.push(fieldError.required(`${path}.os.name`, "cannot be empty"));
  else if (os.name === "linux") checkLinux(errors, path, spec);
  else if (os.name === "windows") checkWindows(errors, path, spec);
  else errors.push(fieldError.notSupported(`${path}.os`, os.name, ["linux", "windows"]));
}

function checkLinux(errors: Errors, path: string, spec: PodSpec): void {
  for (const [at, { securityContext }] of [["", spec], ...containersOf(spec)] as const) {
    if (securityContext?.windowsOptions === undefined) continue;
    const field = `${at === "" ? path : `${path}.${at}`}.securityContext.windowsOptions`;
    errors.push(fieldError.forbidden(field, "windows options cannot be set for a linux pod"));
  }
}

function checkWindows(errors: Errors, path: string, spec: PodSpec): void {
  const forbid = (field: string): void => {
    errors.push(fieldError.forbidden(`${path}.${field}`, "cannot be set for a windows pod"));
  };
  for (const field of NOT_OF_WINDOWS_POD) {
    if (spec.securityContext?.[field] !== undefined) forbid(`securityContext.${field}`);
  }
  if (spec.hostUsers !== undefined) forbid("hostUsers");
  if (spec.hostPID === true) forbid("hostPID");
  if (spec.hostIPC === true) forbid("hostIPC");
  if (spec.shareProcessNamespace !== undefined) forbid("shareProcessNamespace");
  for (const [at, { securityContext }] of containersOf(spec)) {
    for (const field of NOT_OF_WINDOWS_CONTAINER) {
      if (securityContext?.[field] !== undefined) forbid(`${at}.securityContext.${field}`);
    }
  }
}

/** All of a pod, with their places in the spec, in upstream's order. */
function containersOf(spec: PodSpec): (readonly [string, Container | EphemeralContainer])[] {
  const lists = ["initContainers", "containers", "ephemeralContainers"] as const;
  return lists.flatMap((list) => (spec[list] ?? []).map((each, i) => [`${list}[${i}]`, each] as const));
}
