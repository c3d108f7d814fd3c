import { expired } from "#pkg/errors/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { badRequest } from "#pkg/errors/index.ts";
import { type Change, type Entry, ObjectView, ViewEvent } from "../cache/index.ts";
import { isTrue } from "../request-info.ts";
import type { Reply, WatchSink } from "../types.ts";
import { requestedRevision, waitForRevision } from "./resource-version.ts";
import { selectionOf } from "./selection.ts";
import type { RegistryServices, Target } from "./services.ts";

const BOOKMARK_MS = 60_000;
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";
const NONE: readonly Change[] = [];

/**
 * A watch. Where it starts:
 *
 *   resourceVersion absent or "0"   ADDED for everything there is, then changes
 *   resourceVersion N               changes after N, from the cache's memory; 410 when that does not reach back so far
 *   sendInitialEvents=true          as absent, then a bookmark that says the initial events are over
 */
export async function watch(services: RegistryServices, target: Target): Promise<Reply> {
  const { cache, definition, context } = target;
  const { query } = context;
  const selection = selectionOf(target);
  const revision = requestedRevision(query);
  const wantsBookmarks = isTrue(query.get("allowWatchBookmarks"));
  const sendInitial = query.get("sendInitialEvents");
  if (sendInitial !== null && query.get("resourceVersionMatch") !== "NotOlderThan")
    throw badRequest(
      "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  const timeoutSeconds = Number(query.get("timeoutSeconds") ?? 0);
  if (revision !== undefined && revision > services.cache.revision) await waitForRevision(services.cache, revision);

  const withInitial = sendInitial === null ? revision === undefined || revision === 0 : isTrue(sendInitial);
  // From here to the listener there is no await: nothing can be missed in between.
  const start = (sink: WatchSink): (() => void) => {
    let initial: readonly Entry[] = [];
    let missed: readonly Change[] = NONE;
    if (withInitial) initial = cache.list(definition.namespaced ? target.namespace : "");
    else if (revision !== undefined && revision !== 0) {
      const changes = cache.changesSince(revision);
      if (changes === undefined) {
        sink.send(errorEvent(expired(`too old resource version: ${revision} (${cache.oldestRevision})`).toStatus()));
        sink.end();
        return () => {};
      }
      missed = changes;
    }
    return new Watcher({ services, target, matches: selection.matches, sink, wantsBookmarks, timeoutSeconds }).start(
      initial,
      missed,
      sendInitial !== null && withInitial,
    );
  };
  return { kind: "watch", definition, start };
}

function errorEvent(status: object): ViewEvent {
  return new ViewEvent("ERROR", new ObjectView(undefined, status as KubeObject));
}

interface WatcherOptions {
  readonly services: RegistryServices;
  readonly target: Target;
  readonly matches: ((object: KubeObject) => boolean) | undefined;
  readonly sink: WatchSink;
  readonly wantsBookmarks: boolean;
  /** 0: no end of its own. */
  readonly timeoutSeconds: number;
}

/** Hands one watch its events until it is stopped, times out, or does not keep up. */
class Watcher {
  readonly #options: WatcherOptions;
  #stopListening: (() => void) | undefined;
  #bookmarks: NodeJS.Timeout | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  start(initial: readonly Entry[], missed: readonly Change[], markEnd: boolean): () => void {
    const { target, matches, sink, services, timeoutSeconds, wantsBookmarks } = this.#options;
    const { definition, namespace } = target;
    const listenNamespace = definition.namespaced ? namespace : "";
    this.#stopListening = target.cache.listen(listenNamespace, (change) => this.#deliver(change));
    for (const entry of initial) {
      const view = entry.as(definition);
      if (matches !== undefined && !matches(view.object)) continue;
      if (!this.#send(new ViewEvent("ADDED", view))) return () => {};
    }
    for (const change of missed) {
      if (listenNamespace !== "" && change.entry.namespace !== listenNamespace) continue;
      if (!this.#deliver(change)) return () => {};
    }
    if (markEnd) this.#send(this.#bookmark(services.cache.revision, true));
    if (wantsBookmarks) {
      this.#bookmarks = setInterval(() => this.#send(this.#bookmark(services.cache.revision, false)), BOOKMARK_MS);
      this.#bookmarks.unref();
    }
    if (timeoutSeconds > 0) {
      this.#timeout = setTimeout(() => {
        this.stop();
        sink.end();
      }, timeoutSeconds * 1000);
      this.#timeout.unref();
    }
    return () => this.stop();
  }

  stop(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    clearInterval(this.#bookmarks);
    clearTimeout(this.#timeout);
  }

  #deliver(change: Change): boolean {
    const event = change.eventFor(this.#options.target.definition, this.#options.matches);
    return event === undefined || this.#send(event);
  }

  #send(event: ViewEvent): boolean {
    if (this.#options.sink.send(event)) return true;
    this.stop();
    this.#options.sink.end();
    return false;
  }

  #bookmark(revision: number, initialEnd: boolean): ViewEvent {
    const { definition } = this.#options.target;
    const object = {
      kind: definition.kind,
      apiVersion: definition.group === "" ? definition.version : `${definition.group}/${definition.version}`,
      metadata: {
        resourceVersion: String(revision),
        ...(initialEnd ? { annotations: { [INITIAL_EVENTS_END]: "true" } } : {}),
      },
    };
    return new ViewEvent("BOOKMARK", new ObjectView(undefined, object as unknown as KubeObject));
  }
}
