import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkOptionalEnum, type Errors } from "../field-checks.ts";
import type { PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from "../types/core-v1.ts";
import { checkWindowsOptions } from "./windows-validation.ts";

const ID_RANGE = ["must be between 0 and 2147483647, inclusive"];
const SYSCTL = /^([a-z0-9][-_a-z0-9]*[./])*[a-z0-9][-_a-z0-9]*$/;

function checkId(errors: Errors, path: string, id: number | undefined): void {
  if (id !== undefined && (id < 0 || id > 2_147_483_647)) addInvalid(errors, path, id, ID_RANGE);
}

/** `hostUsers`: the pod has no users of its own. */
export function checkSecurityContext(
  errors: Errors,
  path: string,
  context: SecurityContext | undefined,
  hostUsers: boolean,
): void {
  if (context === undefined) return;
  checkId(errors, `${path}.runAsUser`, context.runAsUser);
  checkId(errors, `${path}.runAsGroup`, context.runAsGroup);
  checkOptionalEnum(errors, `${path}.procMount`, context.procMount, ["Default", "Unmasked"]);
  if (hostUsers && context.procMount === "Unmasked") {
    const why = "`hostUsers` must be false to use `Unmasked`";
    errors.push(fieldError.invalid(`${path}.procMount`, context.procMount, why));
  }
  checkSeccomp(errors, `${path}.seccompProfile`, context.seccompProfile);
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      const why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
      errors.push(fieldError.invalid(path, context, why));
    }
    if (context.capabilities?.add?.some((c) => c === "CAP_SYS_ADMIN") === true) {
      const why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
      errors.push(fieldError.invalid(path, context, why));
    }
  }
  checkWindowsOptions(errors, `${path}.windowsOptions`, context.windowsOptions);
  checkProfile(errors, `${path}.appArmorProfile`, "AppArmor", context.appArmorProfile);
}

export function checkPodSecurityContext(errors: Errors, path: string, spec: PodSpec): void {
  const context: PodSecurityContext = spec.securityContext ?? {};
  checkId(errors, `${path}.fsGroup`, context.fsGroup);
  checkId(errors, `${path}.runAsUser`, context.runAsUser);
  checkId(errors, `${path}.runAsGroup`, context.runAsGroup);
  for (const [i, id] of (context.supplementalGroups ?? []).entries()) {
    checkId(errors, `${path}.supplementalGroups[${i}]`, id);
  }
  checkOptionalEnum(errors, `${path}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ["Merge", "Strict"]);
  checkOptionalEnum(errors, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, ["OnRootMismatch", "Always"]);
  checkOptionalEnum(errors, `${path}.seLinuxChangePolicy`, context.seLinuxChangePolicy, ["MountOption", "Recursive"]);
  checkSeccomp(errors, `${path}.seccompProfile`, context.seccompProfile);
  checkWindowsOptions(errors, `${path}.windowsOptions`, context.windowsOptions);
  checkProfile(errors, `${path}.appArmorProfile`, "AppArmor", context.appArmorProfile);
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(
      fieldError.invalid(
        `${path}.shareProcessNamespace`,
        true,
        "ShareProcessNamespace and HostPID cannot both be enabled",
      ),
    );
  }
  checkSysctls(errors, `${path}.sysctls`, spec);
}

function checkSysctls(errors: Errors, path: string, spec: PodSpec): void {
  const seen = new Set<string>();
  for (const [i, sysctl] of (spec.securityContext?.sysctls ?? []).entries()) {
    const at = `${path}[${i}].name`;
    const name = sysctl.name ?? "";
    const dotted = name.replaceAll("/", ".");
    if (name === "") errors.push(fieldError.required(at));
    else if (name.length > 253 || !SYSCTL.test(name)) {
      const why = `must have at most 253 characters and match regex ^([a-z0-9][-_a-z0-9]*[\\./])*[a-z0-9][-_a-z0-9]*$`;
      errors.push(fieldError.invalid(at, name, why));
    } else if (seen.has(dotted)) errors.push(fieldError.duplicate(at, name));
    seen.add(dotted);
    if (spec.hostNetwork === true && dotted.startsWith("net.")) {
      errors.push(fieldError.invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    }
    if (spec.hostIPC === true && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted)) {
      errors.push(fieldError.invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
  }
}

const checkSeccomp = (errors: Errors, path: string, profile: SeccompProfile | undefined): void =>
  checkProfile(errors, path, "seccomp", profile);

function checkProfile(
  errors: Errors,
  path: string,
  word: "seccomp" | "AppArmor",
  profile: SeccompProfile | undefined,
): void {
  if (profile === undefined) return;
  const types = ["Localhost", "RuntimeDefault", "Unconfined"];
  if (!profile.type) errors.push(fieldError.required(`${path}.type`, `type is required when ${word}Profile is set`));
  else if (!types.includes(profile.type)) errors.push(fieldError.notSupported(`${path}.type`, profile.type, types));
  if (profile.type === "Localhost") {
    const file = profile.localhostProfile ?? "";
    if (file === "") {
      errors.push(fieldError.required(`${path}.localhostProfile`, `must be set when ${word} type is Localhost`));
    } else if (word === "seccomp" && (file.startsWith("/") || file.split("/").includes(".."))) {
      const why = file.startsWith("/") ? "must be a relative path" : "must not contain '..'";
      errors.push(fieldError.invalid(`${path}.localhostProfile`, file, why));
    }
  } else if (profile.localhostProfile) {
    const why = `can only be set when ${word} type is Localhost`;
    errors.push(fieldError.invalid(`${path}.localhostProfile`, profile.localhostProfile, why));
  }
}
