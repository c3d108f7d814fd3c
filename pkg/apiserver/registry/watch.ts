import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { ApiError, expired, internalError, serviceUnavailable } from "#pkg/errors/index.ts";
import { CompactedError, StoreUnavailableError } from "#pkg/store/types.ts";
import { type Change, type Entry, ObjectView, readyAll, ViewEvent } from "../cache/index.ts";
import { isTrue } from "../request-info.ts";
import type { Reply, WatchSink } from "../types.ts";
import { watchOptions } from "./list-options.ts";
import { waitForRevision } from "./resource-version.ts";
import { type Selection, selectionOf } from "./selection.ts";
import type { RegistryServices, Target } from "./services.ts";
import { isStillServed } from "./still-served.ts";

/** Upstream's --min-request-timeout. */
const MIN_TIMEOUT_SECONDS = 1_800;
const MAX_TIMER_MS = 2 ** 31 - 1;
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";
const NONE: readonly Change[] = [];
/** Changes that one watch may leave waiting for a conversion webhook before it is cut. */
const MAX_CONVERTING = 1_000;

/**
 * A watch. Where it starts:
 *
 *   resourceVersion absent or "0"   ADDED for everything there is, then changes
 *   resourceVersion N               changes after N, from the cache's memory, before that from the store's history; 410
 *                                   when that was compacted
 *   sendInitialEvents=true          as absent, then a bookmark that says the initial events are over
 */
export async function watch(services: RegistryServices, target: Target): Promise<Reply> {
  const { definition, context } = target;
  const selection = selectionOf(target);
  const { revision = 0, sendInitialEvents, timeoutSeconds } = watchOptions(context.query);
  const wantsBookmarks = isTrue(context.query.get("allowWatchBookmarks"));
  const withInitial = sendInitialEvents ?? revision === 0;
  // Changes may be awaited from the future on, states may not.
  if (withInitial) await waitForRevision(services, revision);
  const start = (sink: WatchSink): (() => void) => {
    const watcher = new Watcher({
      services,
      target,
      selection,
      sink,
      wantsBookmarks,
      // As upstream: who names no end is ended some time after half an hour, not all at once.
      timeoutSeconds: timeoutSeconds || Math.ceil(MIN_TIMEOUT_SECONDS * (1 + Math.random())),
      after: withInitial ? 0 : revision,
    });
    if (withInitial) watcher.start(initialEntries(target, selection), NONE, sendInitialEvents === true);
    else if (revision === 0) watcher.start([], NONE, false);
    else void watcher.resume(revision);
    return () => watcher.stop();
  };
  return { kind: "watch", definition, start };
}

/** What there is; one object where no other can match. */
function initialEntries({ cache, definition, namespace }: Target, { name }: Selection): readonly Entry[] {
  if (name === undefined || (definition.namespaced && namespace === ""))
    return cache.list(definition.namespaced ? namespace : "");
  const entry = cache.get(definition.namespaced ? namespace : "", name);
  return entry === undefined ? [] : [entry];
}

function errorEvent(status: object): ViewEvent {
  return new ViewEvent("ERROR", new ObjectView(undefined, status as KubeObject));
}

function resumeError(err: unknown, revision: number, services: RegistryServices): ApiError {
  if (err instanceof CompactedError) return expired(`too old resource version: ${revision} (${err.compactedRevision})`);
  if (err instanceof StoreUnavailableError) return serviceUnavailable(err.message);
  services.log.error("cannot resume a watch", { err, revision });
  return internalError(err instanceof Error ? err.message : String(err));
}

interface WatcherOptions {
  readonly services: RegistryServices;
  readonly target: Target;
  readonly selection: Selection;
  readonly sink: WatchSink;
  readonly wantsBookmarks: boolean;
  readonly timeoutSeconds: number;
  /** Changes up to this revision are not wanted, even those that are yet to come. */
  readonly after: number;
}

/** Hands one watch its events until it is stopped, times out, or does not keep up. */
class Watcher {
  readonly #options: WatcherOptions;
  #stopListening: (() => void) | undefined;
  /** What a conversion webhook delays, in order; undefined where nothing waits. */
  #converting: Promise<void> | undefined;
  #convertingCount = 0;
  readonly #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  /**
   * Goes on after `revision`: page by page through the store's history until the cache's memory reaches back to where it
   * came. Never rejects: what goes wrong is the watch's last event.
   */
  async resume(revision: number): Promise<void> {
    const { target, services } = this.#options;
    const { cache } = target;
    try {
      for (let from = revision; !this.#stopped; ) {
        const missed = cache.changesSince(from);
        if (missed !== undefined) return this.start([], missed, false);
        // The cache has seen all that is asked for, so nothing lies between the last page and its memory.
        const page = await services.store.changes(this.#prefix, from, services.cache.revision);
        for (const change of page.changes) if (this.#stopped || !this.#deliver(cache.changeOf(change))) return;
        await this.#converting;
        from = page.revision;
      }
    } catch (err) {
      this.#fail(resumeError(err, revision, services));
    }
  }

  /** Delivers what there is, then listens. Without an await in between, so that nothing is missed. */
  start(initial: readonly Entry[], missed: readonly Change[], markEnd: boolean): void {
    const { target, services, selection, timeoutSeconds, wantsBookmarks } = this.#options;
    // What is served by another definition since, or by none, is watched anew.
    if (!isStillServed(services, target)) return this.#end();
    const namespace = this.#namespace;
    const stopListening = target.cache.listen(namespace, (change) => this.#hear(change), selection.name);
    const stopEnding = target.cache.onEnd(() => this.#end());
    this.#stopListening = () => {
      stopListening();
      stopEnding();
    };
    this.#when(readyAll(initial, target.definition), () => this.#sendInitial(initial));
    for (const change of missed) {
      if (namespace !== "" && change.entry.namespace !== namespace) continue;
      if (!this.#deliver(change)) return;
    }
    if (markEnd) this.#sendBookmark(services.cache.revision, true);
    if (this.#stopped) return;
    const timeoutMs = Math.min(timeoutSeconds * 1000, MAX_TIMER_MS);
    this.#timers.push(setTimeout(() => this.#end(), timeoutMs));
    if (wantsBookmarks) {
      const send = (): void => this.#sendBookmark(Math.max(services.cache.revision, this.#options.after), false);
      this.#timers.push(setInterval(send, services.waits.bookmarkMs));
      const last = timeoutMs - services.waits.lastBookmarkMs;
      if (last > 0) this.#timers.push(setTimeout(send, last));
    }
    for (const timer of this.#timers) timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening?.();
    this.#stopListening = undefined;
    // Node keeps its list of an unreferenced timer until that would have run; callers choose how many times there are.
    for (const timer of this.#timers) clearTimeout(timer.ref());
  }

  /** "" for all. */
  get #namespace(): string {
    const { definition, namespace } = this.#options.target;
    return definition.namespaced ? namespace : "";
  }

  get #prefix(): string {
    const { prefix } = this.#options.target.cache;
    return this.#namespace === "" ? prefix : `${prefix}${this.#namespace}/`;
  }

  /** What goes wrong with one watch's event ends that watch; the others get theirs. */
  #hear(change: Change): void {
    try {
      this.#deliver(change);
    } catch (err) {
      this.#options.services.log.error("cannot deliver an event", { err, revision: change.revision });
      this.#end();
    }
  }

  #deliver(change: Change): boolean {
    const { target, selection, after } = this.#options;
    if (change.revision <= after) return true;
    const { definition } = target;
    return this.#when(change.ready(definition), () => {
      const event = change.eventFor(definition, selection.matches);
      return event === undefined || this.#send(event);
    });
  }

  #sendInitial(entries: readonly Entry[]): boolean {
    const { target, selection } = this.#options;
    const { matches } = selection;
    for (const entry of entries) {
      const view = entry.as(target.definition);
      if (matches !== undefined && !matches(view.object)) continue;
      if (!this.#send(new ViewEvent("ADDED", view))) return false;
    }
    return true;
  }

  #sendBookmark(revision: number, initialEnd: boolean): void {
    this.#when(undefined, () => this.#send(this.#bookmark(revision, initialEnd)));
  }

  /** Delivers now, or in its turn when this or something before it waits for a conversion webhook. False: the watch ended. */
  #when(conversion: Promise<void> | undefined, deliver: () => boolean): boolean {
    const before = this.#converting;
    if (conversion === undefined && before === undefined) return deliver();
    if (++this.#convertingCount > MAX_CONVERTING) {
      this.#end();
      return false;
    }
    const done = Promise.allSettled([conversion, before]).then(([outcome]) => {
      this.#convertingCount--;
      if (this.#converting === done) this.#converting = undefined;
      if (this.#stopped) return;
      if (outcome.status === "fulfilled") deliver();
      else this.#fail(outcome.reason instanceof ApiError ? outcome.reason : internalError(String(outcome.reason)));
    });
    this.#converting = done;
    return true;
  }

  #send(event: ViewEvent): boolean {
    if (this.#stopped) return false;
    if (this.#options.sink.send(event)) return true;
    this.#end();
    return false;
  }

  /** The watch's last event says what went wrong. */
  #fail(err: ApiError): void {
    if (this.#stopped) return;
    this.#options.sink.send(errorEvent(err.toStatus()));
    this.#end();
  }

  #end(): void {
    this.stop();
    this.#options.sink.end();
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
