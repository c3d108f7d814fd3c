import { setImmediate as nextTurn } from "node:timers/promises";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";
import { ApiError, badRequest, expired } from "#pkg/errors/index.ts";
import { CompactedError } from "#pkg/store/types.ts";
import { Entry, type ObjectView, readyAll } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { type Continue, decodeContinue, encodeContinue, NEWEST } from "./continue.ts";
import { listOptions } from "./list-options.ts";
import { tooLarge, waitForRevision } from "./resource-version.ts";
import { type Selection, selectionOf } from "./selection.ts";
import type { RegistryServices, Target } from "./services.ts";
import { storeCall } from "./write.ts";

const HISTORY_PAGE = 500;
/** Objects decoded in one turn of the event loop. */
const STEP = 500;
const EXPIRED =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
const TOO_OLD = "The resourceVersion for the provided list is too old.";

/**
 * GET of a collection, with selectors, in pages when `limit` is given. Of which state:
 *
 *   resourceVersion   resourceVersionMatch   limit   state
 *   absent or "0"     any                    any     the newest
 *   N                 NotOlderThan           any     the newest, which is at least N
 *   N                 Exact                  any     N
 *   N                 absent                 none    the newest, which is at least N
 *   N                 absent                 some    N
 */
export async function list(services: RegistryServices, target: Target): Promise<Reply> {
  const { query } = target.context;
  const selection = selectionOf(target);
  const { revision, match, limit, continueToken } = listOptions(query);
  const { cache } = services;
  if (continueToken !== "") {
    const from = decodeContinue(continueToken);
    if (revision !== undefined && revision !== 0)
      throw badRequest("specifying resource version is not allowed when using continue");
    if (from.revision > cache.revision) throw tooLarge(cache, from.revision);
    const at = from.revision === NEWEST ? cache.revision : from.revision;
    return page(services, target, selection, limit, at, from);
  }
  if (revision !== undefined) await waitForRevision(services, revision);
  const exact = match === "Exact" || (match === "" && limit > 0);
  return page(services, target, selection, limit, exact && revision ? revision : cache.revision, undefined);
}

async function page(
  services: RegistryServices,
  target: Target,
  selection: Selection,
  limit: number,
  revision: number,
  from: Continue | undefined,
): Promise<Reply> {
  const { cache, definition } = target;
  const after = from === undefined ? "" : cache.prefix + from.start;
  // Nothing of this resource changed since the snapshot: the cache is the snapshot.
  const fromCache = cache.changedAt <= revision;
  const found = fromCache
    ? await selectFromCache(target, selection, limit, after)
    : await selectFromHistory(services, target, selection, limit, after, revision);
  const { entries, more, remaining } = found;
  const views = await viewsOf(entries, definition);
  const last = entries.at(-1);
  const metadata: ListMeta = {
    resourceVersion: String(revision),
    ...(more && last !== undefined
      ? {
          continue: encodeContinue({
            revision,
            start: cache.key(last.namespace, last.name).slice(cache.prefix.length),
          }),
        }
      : {}),
    ...(more && selection.matches === undefined ? { remainingItemCount: remaining } : {}),
  };
  return { kind: "list", definition, metadata, views };
}

/** What clients see of the entries. Where forms have to be made others are answered between the steps. */
async function viewsOf(entries: readonly Entry[], definition: ResourceDefinition): Promise<readonly ObjectView[]> {
  await readyAll(entries, definition);
  if (definition.storage.fromStorage !== undefined)
    for (let at = STEP; at < entries.length; at += STEP) {
      for (const entry of entries.slice(at - STEP, at)) entry.as(definition);
      await nextTurn();
    }
  return entries.map((entry) => entry.as(definition));
}

/** Those that match. Selecting decodes: between the steps others are answered. */
async function select(
  entries: readonly Entry[],
  definition: ResourceDefinition,
  matches: (object: KubeObject) => boolean,
): Promise<Entry[]> {
  await readyAll(entries, definition);
  const selected: Entry[] = [];
  for (const [i, entry] of entries.entries()) {
    if (i % STEP === STEP - 1) await nextTurn();
    if (matches(entry.as(definition).object)) selected.push(entry);
  }
  return selected;
}

interface Found {
  readonly entries: readonly Entry[];
  readonly more: boolean;
  readonly remaining: number;
}

async function selectFromCache(target: Target, selection: Selection, limit: number, after: string): Promise<Found> {
  const { cache, definition, namespace } = target;
  const { matches, name } = selection;
  if (matches === undefined) {
    const { entries, remaining } = cache.page(namespace, after, limit === 0 ? Infinity : limit);
    return { entries, more: remaining > 0, remaining };
  }
  let entries: Entry[];
  if (name !== undefined && (namespace !== "" || !definition.namespaced)) {
    const entry = cache.get(namespace, name);
    entries = entry === undefined ? [] : [entry];
  } else entries = cache.list(namespace, after);
  entries = await select(entries, definition, matches);
  if (limit === 0 || entries.length <= limit) return { entries, more: false, remaining: 0 };
  return { entries: entries.slice(0, limit), more: true, remaining: entries.length - limit };
}

async function selectFromHistory(
  services: RegistryServices,
  target: Target,
  selection: Selection,
  limit: number,
  start: string,
  revision: number,
): Promise<Found> {
  const { cache, definition } = target;
  const prefix =
    definition.namespaced && target.namespace !== "" ? `${cache.prefix}${target.namespace}/` : cache.prefix;
  const entries: Entry[] = [];
  /** A list that was begun may go on with what there is now. */
  const tooOld = (key: string): ApiError =>
    key === ""
      ? expired(TOO_OLD)
      : new ApiError(410, "Expired", EXPIRED, undefined, {
          continue: encodeContinue({ revision: NEWEST, start: key.slice(cache.prefix.length) }),
        });
  let after = start;
  for (;;) {
    const left = limit === 0 ? HISTORY_PAGE : limit - entries.length;
    // Who selects may leave out most of what is there.
    const pageSize = selection.matches === undefined ? left : HISTORY_PAGE;
    const result = await storeCall(
      services.store.list(prefix, { revision, limit: pageSize, ...(after === "" ? {} : { after }) }),
    ).catch((err: unknown) => {
      throw err instanceof CompactedError ? tooOld(start) : err;
    });
    const found = result.entries.map(({ key, value, revision: at }) => {
      const path = key.slice(cache.prefix.length);
      const slash = path.indexOf("/");
      return definition.namespaced
        ? Entry.of(path.slice(0, slash), path.slice(slash + 1), value, at)
        : Entry.of("", path, value, at);
    });
    if (selection.matches !== undefined) await readyAll(found, definition);
    for (const [i, entry] of found.entries()) {
      if (selection.matches !== undefined && !selection.matches(entry.as(definition).object)) continue;
      entries.push(entry);
      if (limit === 0 || entries.length < limit) continue;
      const remaining = found.length - 1 - i + result.remaining;
      return { entries, more: remaining > 0, remaining };
    }
    const last = result.entries.at(-1);
    if (!result.more || last === undefined) return { entries, more: false, remaining: 0 };
    after = last.key;
  }
}
