import { isDeepStrictEqual } from "node:util";
import { type APIService, apiservices } from "#pkg/api/types/apiregistration-v1.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import { WorkQueue } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { resourcesOfList } from "./api-resource-list.ts";
import { type Finding, LOCAL, PASSED, withFinding } from "./conditions.ts";
import { keyOfGroupVersion } from "./group-version.ts";
import { type Fetched, fetchRemote } from "./remote-fetch.ts";
import type { RemoteService } from "./remote-service.ts";
import { APISERVICES, type RemoteServices } from "./remote-services.ts";
import { readyEndpoints, servicePort, slicesOf } from "../service-endpoint.ts";
import type { AggregationParts } from "./types.ts";

const RESYNC_MS = 30_000;
const CHECK_TIMEOUT_MS = 5_000;
const MAX_LIST_BYTES = 4 * 1024 * 1024;
/** After the first that failed, at once: another endpoint may be picked (upstream makes five in all). */
const MORE_ATTEMPTS = 4;
const WORKERS = 5;

/**
 * Keeps the Available condition of APIServices. Remote ones are asked for their discovery, which is kept for the
 * aggregated documents; with none of those, nothing runs.
 */
export class Availability {
  readonly #parts: AggregationParts;
  readonly #remotes: RemoteServices;
  readonly #queue: WorkQueue;

  constructor(parts: AggregationParts, remotes: RemoteServices) {
    this.#parts = parts;
    this.#remotes = remotes;
    this.#queue = new WorkQueue({
      name: "apiservice-availability",
      sync: (name, signal) => this.#sync(name, signal),
      workers: WORKERS,
      log: parts.log,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { reader, resyncMs = RESYNC_MS } = this.#parts;
    const stops = [
      reader.onChange(APISERVICES, ({ object, deleted }) => {
        if (!deleted) this.#queue.add(object.metadata.name as string);
      }),
      reader.onChange("services", ({ object }) => this.#serviceChanged(object.metadata, object.metadata.name)),
      reader.onChange("discovery.k8s.io/endpointslices", ({ object }) =>
        this.#serviceChanged(object.metadata, object.metadata.labels?.["kubernetes.io/service-name"]),
      ),
    ];
    for (const each of reader.list(APISERVICES)) this.#queue.add(each.metadata.name as string);
    const resync = setInterval(() => {
      for (const each of this.#remotes.all()) this.#queue.add(each.name);
    }, resyncMs);
    resync.unref();
    try {
      await this.#queue.start(signal);
    } finally {
      clearInterval(resync);
      for (const stop of stops) stop();
    }
  }

  #serviceChanged({ namespace }: { readonly namespace?: string }, name: string | undefined): void {
    if (this.#remotes.size === 0) return;
    for (const each of this.#remotes.all()) {
      const { service } = each.apiService.spec;
      if (service?.name === name && service?.namespace === namespace) this.#queue.add(each.name);
    }
  }

  async #sync(name: string, signal: AbortSignal): Promise<void> {
    const service = this.#parts.reader.get(APISERVICES, "", name) as APIService | undefined;
    if (service === undefined) return;
    const remote = this.#remotes.find(keyOfGroupVersion(service.spec.group ?? "", service.spec.version ?? ""));
    const finding =
      service.spec.service === undefined || remote === undefined ? LOCAL : await this.#check(remote, signal);
    await this.#write(name, finding);
    // Said again with a growing delay, besides what changes and the resync.
    if (finding.reason === "FailedDiscoveryCheck") throw new Error(finding.message);
  }

  async #write(name: string, finding: Finding): Promise<void> {
    const now = this.#parts.reader.get(APISERVICES, "", name) as APIService | undefined;
    const changed = now === undefined ? undefined : withFinding(now, finding, this.#parts.now());
    if (changed === undefined) return;
    try {
      await this.#parts.client.updateStatus(apiservices, changed);
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }

  async #check(remote: RemoteService, signal: AbortSignal): Promise<Finding> {
    const unready = this.#endpointFinding(remote.apiService);
    const seen = unready ?? (await this.#ask(remote, signal));
    if (seen.status !== "True" && remote.fresh) {
      remote.fresh = false;
      this.#remotes.changed();
    }
    return seen;
  }

  /** What the Service lacks; undefined where there is an endpoint to ask. */
  #endpointFinding({ spec }: APIService): Finding | undefined {
    const { reader } = this.#parts;
    const { namespace = "", name = "", port = 443 } = spec.service ?? {};
    const failed = (reason: string, message: string): Finding => ({ status: "False", reason, message });
    const service = reader.get("services", namespace, name) as Service | undefined;
    if (service === undefined) return failed("ServiceNotFound", `service/${name} in "${namespace}" is not present`);
    if (service.spec?.type === "ExternalName") return undefined;
    const wanted = servicePort(service, port);
    if (wanted === undefined)
      return failed("ServicePortError", `service/${name} in "${namespace}" is not listening on port ${port}`);
    const slices = slicesOf(reader, namespace, name);
    if (slices.length === 0)
      return failed("EndpointsNotFound", `cannot find endpointslices for service/${name} in "${namespace}"`);
    if (readyEndpoints(slices, wanted.name ?? "").length > 0) return undefined;
    const why = `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${wanted.name ?? ""}"`;
    return failed("MissingEndpoints", why);
  }

  async #ask(remote: RemoteService, signal: AbortSignal): Promise<Finding> {
    let answer: Fetched;
    try {
      answer = await this.#discovery(remote, signal).catch(() =>
        Promise.any(Array.from({ length: MORE_ATTEMPTS }, () => this.#discovery(remote, signal))),
      );
    } catch (err) {
      const last: unknown = err instanceof AggregateError ? err.errors.at(-1) : err;
      return { status: "False", reason: "FailedDiscoveryCheck", message: (last as Error).message };
    }
    this.#keep(remote, answer);
    return PASSED;
  }

  /** As upstream, whatever certificate the other side shows: this alone gives nobody anything. */
  async #discovery(remote: RemoteService, signal: AbortSignal): Promise<Fetched> {
    const limits = { timeoutMs: CHECK_TIMEOUT_MS, maxBytes: MAX_LIST_BYTES, insecure: true, signal };
    let answer: Fetched;
    try {
      answer = await fetchRemote(remote, remote.path, limits);
    } catch (err) {
      const { url, message } = err as Error & { url?: string };
      if (url === undefined) throw err;
      throw new Error(`failing or missing response from ${url}: ${message}`, { cause: err });
    }
    const { url, status } = answer;
    if (status < 200 || status > 299)
      throw new Error(`failing or missing response from ${url}: bad status from ${url}: ${status}`);
    return answer;
  }

  #keep(remote: RemoteService, { body }: Fetched): void {
    let fresh = true;
    let { resources } = remote;
    try {
      resources = resourcesOfList(body.toString("utf8"));
    } catch {
      fresh = false;
    }
    if (fresh === remote.fresh && isDeepStrictEqual(resources, remote.resources)) return;
    remote.fresh = fresh;
    remote.resources = resources;
    this.#remotes.changed();
  }
}
