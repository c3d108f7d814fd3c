import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { sleep, withTimeout } from "#pkg/async/index.ts";
import { defaultPod } from "#pkg/api/core/pod-defaults.ts";
import { validatePod } from "#pkg/api/core/pod-validation.ts";
import { type Mutable, mutableCopy } from "#pkg/api/index.ts";
import { checkDnsSubdomain } from "#pkg/api/names.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodSource } from "./types.ts";

/** As upstream's fileCheckFrequency and httpCheckFrequency; directories are watched too. */
const CHECK_MS = 20_000;
const HTTP_TIMEOUT_MS = 10_000;
const MAX_BYTES = 10 * 2 ** 20;
/** Editors write in several steps. */
const SETTLE_MS = 100;

interface Parts {
  readonly nodeName: string;
  readonly log: Logger;
}

/** The pods of the manifests in a directory: JSON or YAML, several documents a file, hidden files left out. */
export function directoryPods(parts: Parts & { readonly directory: string }): PodSource {
  return {
    async start(signal, changed) {
      const reporter = new Reporter(changed);
      // A directory can only be watched when it is there; where it cannot be made it is looked for now and then.
      await mkdir(parts.directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
      while (!signal.aborted) {
        const change = directoryChange(parts.directory, signal);
        const pods = await readDirectory(parts);
        if (pods !== undefined) reporter.report(pods);
        await change;
      }
    },
  };
}

/** The pods that a URL answers with: a Pod, a PodList, or several documents. */
export function urlPods(parts: Parts & { readonly url: string; readonly headers?: Record<string, string> }): PodSource {
  return {
    async start(signal, changed) {
      const reporter = new Reporter(changed);
      while (!signal.aborted) {
        const pods = await fetchPods(parts, signal);
        if (pods !== undefined) reporter.report(pods);
        await sleep(CHECK_MS, signal).catch(() => undefined);
      }
    },
  };
}

/** Passes a set of pods on when it differs from the one before. */
class Reporter {
  readonly #changed: (pods: readonly Pod[]) => void;
  #last: string | undefined;

  constructor(changed: (pods: readonly Pod[]) => void) {
    this.#changed = changed;
  }

  report(pods: readonly Pod[]): void {
    const now = pods.map((pod) => `${pod.metadata.uid} ${pod.metadata.annotations?.[HASH]}`).join("\n");
    if (now === this.#last) return;
    this.#last = now;
    this.#changed(pods);
  }
}

async function readDirectory({ directory, log, nodeName }: Parts & { directory: string }): Promise<Pod[] | undefined> {
  const names = await readdir(directory).catch((err: NodeJS.ErrnoException) => {
    if (err.code === "ENOENT") return [];
    log.warn("manifests not read", { directory, err });
    return undefined;
  });
  if (names === undefined) return undefined;
  const pods: Pod[] = [];
  for (const name of names.filter((each) => !each.startsWith(".")).sort()) {
    const path = join(directory, name);
    try {
      pods.push(...parseManifest(await readFile(path, "utf8"), nodeName, `file:${path}`, "file"));
    } catch (err) {
      // A directory or a file that has just gone is no manifest; a broken manifest must not stop the others.
      const code = (err as NodeJS.ErrnoException).code;
      if (code !== "EISDIR" && code !== "ENOENT") log.warn("manifest not used", { path, err });
    }
  }
  return pods;
}

async function fetchPods(
  { headers = {}, log, nodeName, url }: Parts & { url: string; headers?: Record<string, string> },
  signal: AbortSignal,
): Promise<Pod[] | undefined> {
  try {
    const response = await fetch(url, { headers, signal: withTimeout(HTTP_TIMEOUT_MS, signal) });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
    return parseManifest(text, nodeName, `url:${url}`, "http");
  } catch (err) {
    if (!signal.aborted) log.warn("manifests not fetched", { url, err });
    return undefined;
  }
}

const HASH = "kubernetes.io/config.hash";

/**
 * The pods of a text, made this node's own as upstream does: the node's name is part of their names, their uid follows
 * from their content and origin, and they tolerate whatever befalls the node. Throws on anything that is no valid Pod.
 */
export function parseManifest(text: string, nodeName: string, origin: string, source: "file" | "http"): Pod[] {
  const objects = loadAll(text, { maxAliases: 100 }).flatMap((document) => {
    const object = document as Pod | { kind: "PodList"; items: Pod[] } | null;
    if (object === null) return [];
    return object.kind === "PodList" && "items" in object ? object.items : [object as Pod];
  });
  return objects.map((object) => ownPod(object, nodeName, origin, source));
}

function ownPod(object: Pod, nodeName: string, origin: string, source: "file" | "http"): Pod {
  if (typeof object !== "object" || object.kind !== "Pod" || object.apiVersion !== "v1") {
    throw new Error(`only Pods of v1 can be run from a manifest, not ${JSON.stringify(object.kind ?? object)}`);
  }
  if (typeof object.metadata?.name !== "string" || object.metadata.name === "") throw new Error("a Pod has no name");
  const [wrong] = checkDnsSubdomain(object.metadata.name);
  if (wrong !== undefined) throw new Error(`metadata.name: Invalid value: "${object.metadata.name}": ${wrong}`);
  const pod: Mutable<Pod> = mutableCopy(object);
  const hash = createHash("md5")
    .update(JSON.stringify(object))
    .update(`hostname:${nodeName}`)
    .update(origin)
    .digest("hex");
  const { name, namespace = "default", uid } = pod.metadata;
  pod.metadata = {
    ...pod.metadata,
    name: `${name}-${nodeName.toLowerCase()}`,
    namespace,
    uid: uid === undefined || uid === "" ? hash : uid,
    annotations: {
      ...pod.metadata.annotations,
      [HASH]: hash,
      "kubernetes.io/config.source": source,
      "kubernetes.io/config.seen": new Date().toISOString(),
    },
  };
  pod.spec.nodeName = nodeName;
  pod.spec.tolerations = [...(pod.spec.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }];
  defaultPod(pod);
  pod.spec.schedulerName ??= "default-scheduler";
  refuseApiReferences(pod as Pod);
  const errors = validatePod(pod as Pod);
  if (errors.length > 0) throw new Error(errors.map((error) => `${error.field}: ${error.message}`).join("; "));
  pod.status = { phase: "Pending" };
  return pod as Pod;
}

/** A pod without the API server behind it can have nothing that comes from there. */
function refuseApiReferences(pod: Pod): void {
  const { containers, initContainers = [], serviceAccountName = "", volumes = [] } = pod.spec;
  if (serviceAccountName !== "") throw new Error("static pods may not reference serviceaccounts");
  for (const { env = [], envFrom = [] } of [...containers, ...initContainers]) {
    const fromApi = env.some(
      ({ valueFrom }) => valueFrom?.configMapKeyRef !== undefined || valueFrom?.secretKeyRef !== undefined,
    );
    if (fromApi || envFrom.length > 0) throw new Error("static pods may not reference configmaps or secrets");
  }
  for (const { configMap, secret, persistentVolumeClaim, projected } of volumes) {
    const fromApi = configMap ?? secret ?? persistentVolumeClaim ?? projected?.sources?.find(isFromApi);
    if (fromApi !== undefined) throw new Error("static pods may not reference configmaps, secrets, tokens or claims");
  }
}

const isFromApi = (
  source: NonNullable<NonNullable<Pod["spec"]["volumes"]>[number]["projected"]>["sources"] extends
    | readonly (infer S)[]
    | undefined
    ? S
    : never,
): boolean => source.downwardAPI === undefined;

/** Resolves a moment after something changes in the directory, or when it is time to look anyway. */
async function directoryChange(directory: string, signal: AbortSignal): Promise<void> {
  const change = Promise.withResolvers<void>();
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(directory, () => change.resolve());
    watcher.on("error", () => change.resolve());
  } catch {
    // Not there yet: looked for again at the next check.
  }
  const stop = new AbortController();
  const ends = AbortSignal.any([signal, stop.signal]);
  await Promise.race([change.promise, sleep(CHECK_MS, ends).catch(() => undefined)]);
  stop.abort();
  watcher?.close();
  await sleep(SETTLE_MS, signal).catch(() => undefined);
}
