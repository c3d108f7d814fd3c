import type { ResourceDefinition } from "#pkg/api/index.ts";
import type { Handler, RequestContext } from "../types.ts";
import { acceptedTypes } from "./accept.ts";
import { AggregatedDiscovery, type DiscoveryVersion } from "./aggregated.ts";
import { type Document, jsonDocument, replyWithDocument, textDocument } from "./document.ts";
import { apiGroup, type Group, groupsOf } from "./group-list.ts";
import { type OpenIdKeys, openIdConfiguration, openIdKeySet } from "./openid.ts";
import type { RemoteGroups } from "./remote.ts";
import { resourceList } from "./resource-list.ts";
import { type Build, versionInfo } from "./version.ts";

export interface DiscoveryOptions {
  /**
   * What is served now, groups and versions in order of preference. A changed list is a new array: documents are made
   * again when, and only when, the array is another one.
   */
  readonly definitions: () => readonly ResourceDefinition[];
  /** What other API servers answer; their group versions' own documents are theirs. */
  readonly remote?: RemoteGroups;
  /** "HOST:PORT" under which clients reach this server. */
  readonly serverAddress: string;
  readonly build: Build;
  /** Paths outside /api and /apis that `/` names: health, metrics, OpenAPI. */
  readonly otherPaths: readonly string[];
  readonly openIdKeys?: OpenIdKeys;
}

export interface Discovery {
  /** The handler of a discovery path, or undefined where nothing is served there (404). */
  find(path: string): Handler | undefined;
}

/** A path's document, and its aggregated forms where it has any (/api and /apis), each made when first asked for. */
interface Entry {
  readonly plain: () => Document;
  readonly aggregated?: Readonly<Record<DiscoveryVersion, () => Document>>;
}

/** Serves /, /version, /api, /apis and below down to group versions, and the OpenID documents. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  const fixed = fixedEntries(options);
  let madeFrom: readonly ResourceDefinition[] | undefined;
  let remoteGeneration: number | undefined;
  let entries: ReadonlyMap<string, Entry> = new Map();
  const aggregated = new AggregatedDiscovery();
  return {
    find(path) {
      const definitions = options.definitions();
      if (definitions !== madeFrom || options.remote?.generation !== remoteGeneration) {
        entries = resourceEntries(definitions, options, [...fixed.keys()], aggregated);
        madeFrom = definitions;
        remoteGeneration = options.remote?.generation;
      }
      const key = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
      const entry = fixed.get(key) ?? entries.get(key);
      if (entry === undefined) return undefined;
      return async (context) => replyWithDocument(context, choose(entry, context));
    },
  };
}

function fixedEntries({ build, openIdKeys }: DiscoveryOptions): Map<string, Entry> {
  const entries = new Map<string, Entry>([["/version", { plain: lazyJson(() => versionInfo(build)) }]]);
  if (openIdKeys !== undefined) {
    entries.set("/.well-known/openid-configuration", { plain: lazy(() => openIdConfiguration(openIdKeys)) });
    entries.set("/openid/v1/jwks", { plain: lazy(() => openIdKeySet(openIdKeys)) });
  }
  return entries;
}

function resourceEntries(
  definitions: readonly ResourceDefinition[],
  { serverAddress, otherPaths, remote }: DiscoveryOptions,
  fixedPaths: readonly string[],
  aggregated: AggregatedDiscovery,
): Map<string, Entry> {
  const groups = groupsOf(definitions, remote);
  aggregated.forgetOthers(groups);
  const core = groups.filter((group) => group.name === "");
  const named = groups.filter((group) => group.name !== "");
  const entries = new Map<string, Entry>();
  const elsewhere: string[] = [];
  entries.set("/api", {
    plain: lazyJson(() => ({
      kind: "APIVersions",
      versions: core.flatMap((group) => [...group.versions.keys()]),
      serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
    })),
    aggregated: bothVersions(aggregated, core),
  });
  entries.set("/apis", {
    plain: lazyJson(() => ({ kind: "APIGroupList", apiVersion: "v1", groups: named.map(apiGroup) })),
    aggregated: bothVersions(aggregated, named),
  });
  for (const group of groups) {
    const base = group.name === "" ? "/api" : `/apis/${group.name}`;
    if (group.name !== "")
      entries.set(base, { plain: lazyJson(() => ({ kind: "APIGroup", apiVersion: "v1", ...apiGroup(group) })) });
    for (const [version, list] of group.versions) {
      if (group.remote.has(version)) elsewhere.push(`${base}/${version}`);
      else entries.set(`${base}/${version}`, { plain: lazyJson(() => resourceList(group.name, version, list)) });
    }
  }
  const paths = [...entries.keys(), ...elsewhere, ...fixedPaths, ...otherPaths];
  entries.set("/", { plain: lazyJson(() => ({ paths: [...new Set(paths)].sort() })) });
  return entries;
}

function bothVersions(
  aggregated: AggregatedDiscovery,
  groups: readonly Group[],
): Record<DiscoveryVersion, () => Document> {
  const document = (version: DiscoveryVersion): (() => Document) =>
    lazy(() =>
      textDocument(
        aggregated.text(groups, version),
        `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      ),
    );
  return { v2: document("v2"), v2beta1: document("v2beta1") };
}

const lazyJson = (value: () => object): (() => Document) => lazy(() => jsonDocument(value()));

function lazy(make: () => Document): () => Document {
  let made: Document | undefined;
  return () => (made ??= make());
}

/** The form that the caller wants most; the plain one where it names none that exists. */
function choose(entry: Entry, context: RequestContext): Document {
  if (entry.aggregated === undefined) return entry.plain();
  for (const { type, parameters } of acceptedTypes(context)) {
    if (type !== "application/json" && type !== "*/*" && type !== "application/*") continue;
    if (parameters.as === undefined) return entry.plain();
    if (parameters.as !== "APIGroupDiscoveryList" || parameters.g !== "apidiscovery.k8s.io") continue;
    if (parameters.v === "v2" || parameters.v === "v2beta1") return entry.aggregated[parameters.v]();
  }
  return entry.plain();
}
