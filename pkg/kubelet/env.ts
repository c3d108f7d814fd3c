import type { EnvFromSource, EnvVar, Pod, Service } from "#pkg/api/types/core-v1.ts";
import { expand } from "./expansion.ts";
import { type FieldFacts, fieldText, resourceText } from "./field-path.ts";
import type { ObjectReader } from "./object-cache.ts";
import { serviceEnv } from "./service-env.ts";
import { type AnyContainer, PodError } from "./types.ts";

/** What a container's environment is made from, besides the pod. */
export interface EnvSources extends FieldFacts {
  readonly objects: ObjectReader;
  readonly services: Iterable<Service>;
  /** The node's allocatable amounts: the limit of containers that have none. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** The text of a file in one of the pod's volumes (fileKeyRef); undefined when it is not there. */
  readonly readVolumeFile: (volumeName: string, path: string) => Promise<string | undefined>;
  /** Keys of `envFrom` that are not variable names are left out, and said in an event. */
  readonly onInvalidNames: (message: string) => void;
}

/** A reference of the container cannot be resolved yet. */
export function containerConfigError(message: string): PodError {
  return new PodError("Failed", message, { waiting: "CreateContainerConfigError" });
}

/**
 * The environment of a container: Services first, then `envFrom`, then `env`; later names win.
 * `$(NAME)` in values sees what stands before it, and Services.
 */
export async function containerEnv(
  pod: Pod,
  container: AnyContainer,
  sources: EnvSources,
): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace ?? "";
  const links = serviceEnv(sources.services, namespace, pod.spec.enableServiceLinks ?? true);
  const own = new Map<string, string>();
  for (const from of container.envFrom ?? []) await addEnvFrom(own, from, pod, sources);
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined
        ? expand(variable.value ?? "", (name) => own.get(name) ?? links.get(name))
        : await valueFrom(pod, container, variable, sources);
    if (value !== undefined) own.set(variable.name, value);
  }
  return new Map([...links, ...own]);
}

/** Upstream's relaxed rule (KEP-4369): printable ASCII without "=". */
export function isEnvName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name);
}

async function addEnvFrom(own: Map<string, string>, from: EnvFromSource, pod: Pod, sources: EnvSources): Promise<void> {
  const namespace = pod.metadata.namespace ?? "";
  const kind = from.configMapRef === undefined ? "secret" : "configMap";
  const { name = "", optional } = from.configMapRef ?? from.secretRef ?? {};
  const data =
    kind === "configMap" ? await configMapData(sources, namespace, name) : await secretData(sources, namespace, name);
  if (data === undefined) {
    if (optional === true) return;
    throw containerConfigError(`${kind.toLowerCase()} "${name}" not found`);
  }
  const invalid: string[] = [];
  for (const [key, value] of Object.entries(data)) {
    const variable = (from.prefix ?? "") + key;
    if (isEnvName(variable)) own.set(variable, value);
    else invalid.push(key);
  }
  if (invalid.length === 0) return;
  sources.onInvalidNames(
    `Keys [${invalid.sort().join(", ")}] from the EnvFrom ${kind} ${namespace}/${name} were skipped since they are considered invalid environment variable names.`,
  );
}

type Data = Readonly<Record<string, string>>;

async function configMapData(sources: EnvSources, namespace: string, name: string): Promise<Data | undefined> {
  const map = await sources.objects.configMap(namespace, name);
  return map === undefined ? undefined : (map.data ?? {});
}

async function secretData(sources: EnvSources, namespace: string, name: string): Promise<Data | undefined> {
  const secret = await sources.objects.secret(namespace, name);
  if (secret === undefined) return undefined;
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, base64(value)]));
}

async function valueFrom(
  pod: Pod,
  container: AnyContainer,
  variable: EnvVar,
  sources: EnvSources,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? "";
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = variable.valueFrom ?? {};
  if (fieldRef !== undefined) return fieldText(pod, fieldRef.fieldPath, sources);
  if (resourceFieldRef !== undefined) {
    const { containerName, resource, divisor } = resourceFieldRef;
    const of = containerName === undefined || containerName === "" ? container : containerNamed(pod, containerName);
    return resourceText(pod, of, resource, divisor, sources.allocatable);
  }
  if (configMapKeyRef !== undefined) {
    const { name = "", key, optional } = configMapKeyRef;
    const map = await sources.objects.configMap(namespace, name);
    const value = map?.data?.[key];
    if (value !== undefined || optional === true) return value;
    if (map === undefined) throw containerConfigError(`configmap "${name}" not found`);
    throw containerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (secretKeyRef !== undefined) {
    const { name = "", key, optional } = secretKeyRef;
    const secret = await sources.objects.secret(namespace, name);
    const value = secret?.data?.[key];
    if (value !== undefined) return base64(value);
    if (optional === true) return undefined;
    if (secret === undefined) throw containerConfigError(`secret "${name}" not found`);
    throw containerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  if (fileKeyRef !== undefined) {
    const { volumeName, path, key, optional } = fileKeyRef;
    const text = await sources.readVolumeFile(volumeName, path);
    const value = text === undefined ? undefined : parseEnvFile(text).get(key);
    if (value !== undefined || optional === true) return value;
    if (text === undefined) throw containerConfigError(`couldn't find file ${path} in volume ${volumeName}`);
    throw containerConfigError(`environment variable key "${key}" not found in file "${path}"`);
  }
  return undefined;
}

/** A container of the pod by name, init containers included. */
function containerNamed(pod: Pod, name: string): AnyContainer {
  const found = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((c) => c.name === name);
  if (found === undefined) throw containerConfigError(`container ${name} not found`);
  return found;
}

/** KEP-3721's file syntax: `NAME='value'` lines, comments and empty lines between them. */
function parseEnvFile(text: string): Map<string, string> {
  const env = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^=#\s][^=]*?)\s*=(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = "", raw = ""] = match;
    env.set(name, /^\s*(['"])(.*)\1\s*$/.exec(raw)?.[2] ?? raw.trim());
  }
  return env;
}

const base64 = (text: string): string => Buffer.from(text, "base64").toString();
