import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkConfigKey, checkEnvVarName, checkQualifiedName } from "../names.ts";
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "../types/core-v1.ts";

export const ENV_FIELD_PATHS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];
export const VOLUME_FIELD_PATHS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
];
const RESOURCE_PATHS = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];
const ONE_ONLY = "may not have more than one field specified at a time";

export function checkEnv(errors: Errors, path: string, env: readonly EnvVar[] | undefined): void {
  if (env === undefined) return;
  for (let i = 0; i < env.length; i++) {
    const variable = env[i] as EnvVar;
    const at = `${path}[${i}]`;
    if (!variable.name) errors.push(fieldError.required(`${at}.name`));
    else addInvalid(errors, `${at}.name`, variable.name, checkEnvVarName(variable.name));
    if (variable.valueFrom !== undefined) checkSource(errors, `${at}.valueFrom`, variable, variable.valueFrom);
  }
}

function checkSource(errors: Errors, path: string, variable: EnvVar, source: EnvVarSource): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  let count = 0;
  if (fieldRef !== undefined) {
    count++;
    checkFieldRef(errors, `${path}.fieldRef`, fieldRef, ENV_FIELD_PATHS);
  }
  if (resourceFieldRef !== undefined) {
    count++;
    checkResourceFieldRef(errors, `${path}.resourceFieldRef`, resourceFieldRef, false);
  }
  for (const [field, ref] of [
    ["configMapKeyRef", configMapKeyRef],
    ["secretKeyRef", secretKeyRef],
  ] as const) {
    if (ref === undefined) continue;
    count++;
    if (!ref.name) errors.push(fieldError.required(`${path}.${field}.name`));
    if (!ref.key) errors.push(fieldError.required(`${path}.${field}.key`));
    else addInvalid(errors, `${path}.${field}.key`, ref.key, checkConfigKey(ref.key));
  }
  if (fileKeyRef !== undefined) {
    count++;
    for (const field of ["key", "volumeName", "path"] as const) {
      if (!fileKeyRef[field]) errors.push(fieldError.required(`${path}.fileKeyRef.${field}`));
    }
  }
  if (count === 0) {
    const why =
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
    errors.push(fieldError.invalid(path, "", why));
  } else if (variable.value)
    errors.push(fieldError.invalid(path, "", "may not be specified when `value` is not empty"));
  else if (count > 1) errors.push(fieldError.invalid(path, "", ONE_ONLY));
}

export function checkFieldRef(
  errors: Errors,
  path: string,
  ref: ObjectFieldSelector,
  allowed: readonly string[],
): void {
  if (!ref.apiVersion) errors.push(fieldError.required(`${path}.apiVersion`));
  else if (!ref.fieldPath) errors.push(fieldError.required(`${path}.fieldPath`));
  else if (ref.fieldPath.endsWith("']")) {
    const [, whole, key] = /^(metadata\.(?:annotations|labels))\['(.+)'\]$/.exec(ref.fieldPath) ?? [];
    if (whole === undefined || key === undefined) {
      errors.push(fieldError.invalid(path, ref.fieldPath, "does not support subscript"));
    } else {
      addInvalid(errors, path, key, checkQualifiedName(whole.endsWith("annotations") ? key.toLowerCase() : key));
    }
  } else if (!allowed.includes(ref.fieldPath)) {
    errors.push(fieldError.notSupported(`${path}.fieldPath`, ref.fieldPath, allowed));
  }
}

export function checkResourceFieldRef(
  errors: Errors,
  path: string,
  ref: ResourceFieldSelector,
  isVolume: boolean,
): void {
  if (isVolume && !ref.containerName) errors.push(fieldError.required(`${path}.containerName`));
  if (!ref.resource) errors.push(fieldError.required(`${path}.resource`));
  else if (!RESOURCE_PATHS.includes(ref.resource) && !/^(limits|requests)\.hugepages-/.test(ref.resource)) {
    errors.push(fieldError.notSupported(`${path}.resource`, ref.resource, RESOURCE_PATHS));
  } else checkDivisor(errors, `${path}.divisor`, ref);
}

const BYTES = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

function checkDivisor(errors: Errors, path: string, { resource, divisor = "0" }: ResourceFieldSelector): void {
  if (divisor === "0") return;
  if (resource.endsWith(".cpu")) {
    if (divisor !== "1m" && divisor !== "1") {
      const why = "only divisor's values 1m and 1 are supported with the cpu resource";
      errors.push(fieldError.invalid(path, divisor, why));
    }
  } else if (!BYTES.includes(divisor)) {
    const what = /hugepages-/.test(resource) ? "hugepages" : (resource.split(".")[1] ?? "");
    const why = `only divisor's values ${BYTES.join(", ")} are supported with the ${what} resource`;
    errors.push(fieldError.invalid(path, divisor, why));
  }
}

export function checkEnvFrom(errors: Errors, path: string, sources: readonly EnvFromSource[] | undefined): void {
  for (const [i, source] of (sources ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (source.prefix) addInvalid(errors, `${at}.prefix`, source.prefix, checkEnvVarName(source.prefix));
    if (source.configMapRef !== undefined && !source.configMapRef.name) {
      errors.push(fieldError.required(`${at}.configMapRef.name`));
    }
    if (source.secretRef !== undefined && !source.secretRef.name) {
      errors.push(fieldError.required(`${at}.secretRef.name`));
    }
    if (source.configMapRef === undefined && source.secretRef === undefined) {
      errors.push(fieldError.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"));
    } else if (source.configMapRef !== undefined && source.secretRef !== undefined) {
      errors.push(fieldError.invalid(path, "", ONE_ONLY));
    }
  }
}
