import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkIp, checkPortName, checkPortNumber } from "../names.ts";
import type { Container, ContainerPort, EphemeralContainer, PodSpec, VolumeMount } from "../types/core-v1.ts";
import { checkEnv, checkEnvFrom } from "./env-validation.ts";
import { checkLifecycle, checkProbe } from "./probe-validation.ts";
import { checkResources } from "./resources-validation.ts";
import { checkSecurityContext } from "./security-context-validation.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];
const INIT_ONLY_WITH_ALWAYS = "may not be set for init containers without restartPolicy=Always";

export function checkContainers(errors: Errors, path: string, spec: PodSpec): void {
  const volumes = new Set((spec.volumes ?? []).map((v) => v.name));
  const names = new Set<string>();
  if (spec.containers.length === 0) errors.push(fieldError.required(`${path}.containers`));
  for (let i = 0; i < spec.containers.length; i++) {
    checkContainer(errors, `${path}.containers[${i}]`, spec.containers[i] as Container, names, volumes, spec);
  }
  const init = spec.initContainers ?? [];
  for (let i = 0; i < init.length; i++) {
    checkInitContainer(errors, `${path}.initContainers[${i}]`, init[i] as Container, names, volumes, spec);
  }
  checkHostPorts(errors, path, spec);
}

function checkContainer(
  errors: Errors,
  path: string,
  c: Container,
  names: Set<string>,
  volumes: ReadonlySet<string>,
  spec: PodSpec,
): void {
  checkCommon(errors, path, c, names, volumes, spec);
  checkLifecycle(errors, `${path}.lifecycle`, c.lifecycle, spec.os);
  checkProbe(errors, `${path}.livenessProbe`, "livenessProbe", c.livenessProbe);
  checkProbe(errors, `${path}.readinessProbe`, "readinessProbe", c.readinessProbe);
  checkProbe(errors, `${path}.startupProbe`, "startupProbe", c.startupProbe);
}

/** Only sidecars (restartPolicy Always) run beside the others, so only they can be probed. */
function checkInitContainer(
  errors: Errors,
  path: string,
  c: Container,
  names: Set<string>,
  volumes: ReadonlySet<string>,
  spec: PodSpec,
): void {
  if (c.restartPolicy === "Always") return checkContainer(errors, path, c, names, volumes, spec);
  checkCommon(errors, path, c, names, volumes, spec);
  for (const field of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (c[field] !== undefined) errors.push(fieldError.forbidden(`${path}.${field}`, INIT_ONLY_WITH_ALWAYS));
  }
}

export function checkCommon(
  errors: Errors,
  path: string,
  c: Container | EphemeralContainer,
  names: Set<string>,
  volumes: ReadonlySet<string>,
  spec: PodSpec,
): void {
  if (!c.name) errors.push(fieldError.required(`${path}.name`));
  else {
    addInvalid(errors, `${path}.name`, c.name, checkDnsLabel(c.name));
    if (names.has(c.name)) errors.push(fieldError.duplicate(`${path}.name`, c.name));
    names.add(c.name);
  }
  if (!c.image) errors.push(fieldError.required(`${path}.image`));
  else if (c.image.trim() !== c.image) {
    errors.push(fieldError.invalid(`${path}.image`, c.image, "must not have leading or trailing whitespace"));
  }
  checkEnum(errors, `${path}.terminationMessagePolicy`, c.terminationMessagePolicy, ["FallbackToLogsOnError", "File"]);
  checkEnum(errors, `${path}.imagePullPolicy`, c.imagePullPolicy, PULL_POLICIES);
  checkOptionalEnum(errors, `${path}.restartPolicy`, c.restartPolicy, ["Always", "Never", "OnFailure"]);
  checkRestartRules(errors, path, c);
  checkContainerPorts(errors, `${path}.ports`, c.ports);
  checkEnv(errors, `${path}.env`, c.env);
  checkEnvFrom(errors, `${path}.envFrom`, c.envFrom);
  checkMounts(errors, path, c, volumes);
  checkResources(errors, `${path}.resources`, c.resources);
  checkSecurityContext(errors, `${path}.securityContext`, c.securityContext, spec.hostUsers !== false);
  if (c.resizePolicy !== undefined) checkResizePolicy(errors, `${path}.resizePolicy`, c, spec);
}

const MAX_RESTART_RULES = 20;
const MAX_EXIT_CODES = 255;

/** When a container restarts by its exit code (KEP-5307). */
function checkRestartRules(errors: Errors, path: string, c: Container | EphemeralContainer): void {
  const rules = c.restartPolicyRules ?? [];
  if (rules.length === 0) return;
  if (c.restartPolicy === undefined) {
    errors.push(fieldError.required(`${path}.restartPolicy`, "must specify restartPolicy when restart rules are used"));
  }
  if (rules.length > MAX_RESTART_RULES) {
    errors.push(fieldError.tooMany(`${path}.restartPolicyRules`, rules.length, MAX_RESTART_RULES));
  }
  for (const [i, { action, exitCodes }] of rules.entries()) {
    const at = `${path}.restartPolicyRules[${i}]`;
    checkEnum(errors, `${at}.action`, action, ["Restart", "RestartAllContainers"]);
    if (exitCodes === undefined) {
      errors.push(fieldError.required(`${at}.exitCodes`, "must be specified"));
      continue;
    }
    checkEnum(errors, `${at}.exitCodes.operator`, exitCodes.operator, ["In", "NotIn"]);
    const count = exitCodes.values?.length ?? 0;
    if (count === 0) errors.push(fieldError.required(`${at}.exitCodes.values`));
    if (count > MAX_EXIT_CODES) errors.push(fieldError.tooMany(`${at}.exitCodes.values`, count, MAX_EXIT_CODES));
  }
}

function checkContainerPorts(errors: Errors, path: string, ports: readonly ContainerPort[] | undefined): void {
  if (ports === undefined) return;
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const at = `${path}[${i}]`;
    if (port.name) {
      const messages = checkPortName(port.name);
      addInvalid(errors, `${at}.name`, port.name, messages);
      if (messages.length === 0 && names.has(port.name)) errors.push(fieldError.duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if ((port.containerPort ?? 0) === 0) errors.push(fieldError.required(`${at}.containerPort`));
    else addInvalid(errors, `${at}.containerPort`, port.containerPort, checkPortNumber(port.containerPort));
    if ((port.hostPort ?? 0) !== 0) {
      addInvalid(errors, `${at}.hostPort`, port.hostPort, checkPortNumber(port.hostPort ?? 0));
    }
    if (port.hostIP) addInvalid(errors, `${at}.hostIP`, port.hostIP, checkIp(port.hostIP));
    checkEnum(errors, `${at}.protocol`, port.protocol, PROTOCOLS);
  }
}

/** Two containers cannot have one port of the host; on the host's network a container's port is the host's. */
function checkHostPorts(errors: Errors, path: string, spec: PodSpec): void {
  const taken = new Set<string>();
  for (const [i, c] of spec.containers.entries()) {
    for (const [j, port] of (c.ports ?? []).entries()) {
      const at = `${path}.containers[${i}].ports[${j}]`;
      const hostPort = port.hostPort ?? 0;
      if (spec.hostNetwork === true && hostPort !== port.containerPort) {
        const why = "must match `hostPort` when `hostNetwork` is true";
        errors.push(fieldError.invalid(`${at}.containerPort`, port.containerPort, why));
      }
      if (hostPort === 0) continue;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${hostPort}`;
      if (taken.has(key)) errors.push(fieldError.duplicate(`${at}.hostPort`, key));
      taken.add(key);
    }
  }
}

function checkMounts(
  errors: Errors,
  path: string,
  c: Container | EphemeralContainer,
  volumes: ReadonlySet<string>,
): void {
  const paths = new Set<string>();
  for (const [i, mount] of (c.volumeMounts ?? []).entries()) {
    const at = `${path}.volumeMounts[${i}]`;
    if (!mount.name) errors.push(fieldError.required(`${at}.name`));
    else if (!volumes.has(mount.name)) errors.push(fieldError.notFound(`${at}.name`, mount.name));
    if (!mount.mountPath) errors.push(fieldError.required(`${at}.mountPath`));
    if (paths.has(mount.mountPath)) {
      errors.push(fieldError.invalid(`${at}.mountPath`, mount.mountPath, "must be unique"));
    }
    paths.add(mount.mountPath);
    checkSubPath(errors, at, mount);
    checkRecursiveReadOnly(errors, at, mount);
    checkOptionalEnum(errors, `${at}.mountPropagation`, mount.mountPropagation, PROPAGATIONS);
    if (mount.mountPropagation === "Bidirectional" && c.securityContext?.privileged !== true) {
      const why = "Bidirectional mount propagation is available only to privileged containers";
      errors.push(fieldError.forbidden(`${at}.mountPropagation`, why));
    }
  }
  checkDevices(errors, path, c, volumes, paths);
}

const RECURSIVE = ["Disabled", "Enabled", "IfPossible"];

/** Read-only all the way down needs a mount that is read-only at its top (KEP-3857). */
function checkRecursiveReadOnly(errors: Errors, path: string, mount: VolumeMount): void {
  const { recursiveReadOnly: mode } = mount;
  if (mode === undefined || mode === "Disabled") return;
  const at = `${path}.recursiveReadOnly`;
  if (!RECURSIVE.includes(mode)) {
    errors.push(fieldError.notSupported(at, mode, RECURSIVE));
    return;
  }
  if (mount.readOnly !== true) {
    errors.push(fieldError.forbidden(at, "may only be specified when readOnly is true"));
  }
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None") {
    const why = "may only be specified when mountPropagation is None or not specified";
    errors.push(fieldError.forbidden(at, why));
  }
}

function checkDevices(
  errors: Errors,
  path: string,
  c: Container | EphemeralContainer,
  volumes: ReadonlySet<string>,
  mountPaths: ReadonlySet<string>,
): void {
  const paths = new Set<string>();
  const names = new Set<string>();
  const mounted = new Set((c.volumeMounts ?? []).map(({ name }) => name));
  for (const [i, { name, devicePath }] of (c.volumeDevices ?? []).entries()) {
    const at = `${path}.volumeDevices[${i}]`;
    if (!name) errors.push(fieldError.required(`${at}.name`));
    else if (names.has(name)) errors.push(fieldError.invalid(`${at}.name`, name, "must be unique"));
    else if (!volumes.has(name)) errors.push(fieldError.notFound(`${at}.name`, name));
    names.add(name);
    if (!devicePath) errors.push(fieldError.required(`${at}.devicePath`));
    else {
      if (paths.has(devicePath)) errors.push(fieldError.invalid(`${at}.devicePath`, devicePath, "must be unique"));
      if (mountPaths.has(devicePath)) {
        const why = "must not already exist as a path in volumeMounts";
        errors.push(fieldError.invalid(`${at}.devicePath`, devicePath, why));
      }
      if (devicePath.split("/").includes("..")) {
        errors.push(fieldError.invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
      }
    }
    paths.add(devicePath);
    if (mounted.has(name)) {
      errors.push(fieldError.invalid(`${at}.name`, name, "must not already exist in volumeMounts"));
    }
  }
}

function checkSubPath(errors: Errors, path: string, mount: VolumeMount): void {
  if (mount.subPath) checkInnerPath(errors, `${path}.subPath`, mount.subPath);
  if (!mount.subPathExpr) return;
  if (mount.subPath) {
    const why = "subPathExpr and subPath are mutually exclusive";
    errors.push(fieldError.invalid(`${path}.subPathExpr`, mount.subPathExpr, why));
  }
  checkInnerPath(errors, `${path}.subPathExpr`, mount.subPathExpr);
}

/** A path that cannot leave the directory it is joined to. */
export function checkInnerPath(errors: Errors, path: string, value: string): void {
  if (value.startsWith("/")) errors.push(fieldError.invalid(path, value, "must be a relative path"));
  if (value.split("/").includes("..")) errors.push(fieldError.invalid(path, value, "must not contain '..'"));
}

function checkResizePolicy(errors: Errors, path: string, c: Container | EphemeralContainer, spec: PodSpec): void {
  const seen = new Set<string>();
  for (const [i, policy] of (c.resizePolicy ?? []).entries()) {
    const at = `${path}[${i}]`;
    checkEnum(errors, `${at}.resourceName`, policy.resourceName, ["cpu", "memory"]);
    checkEnum(errors, `${at}.restartPolicy`, policy.restartPolicy, ["NotRequired", "RestartContainer"]);
    if (seen.has(policy.resourceName)) errors.push(fieldError.duplicate(at, policy.resourceName));
    seen.add(policy.resourceName);
    if (spec.restartPolicy === "Never" && policy.restartPolicy === "RestartContainer") {
      const why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
      errors.push(fieldError.invalid(at, policy.restartPolicy, why));
    }
  }
}
