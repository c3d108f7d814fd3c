import type { Endpoint, EndpointPort, EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import { canonicalJson, sameLabels, semanticEqual } from "../objects/index.ts";

/** The slices a service should have for one address family, as changes to those it has. */
export interface SlicePlan {
  readonly create: readonly SliceContent[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
}

export interface SliceContent {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface DesiredEndpoint {
  readonly ports: readonly EndpointPort[];
  readonly endpoint: Endpoint;
}

/**
 * Fewest writes: endpoints stay in the slice they are in; what changed is rewritten there, what is gone is removed;
 * new ones fill slices that are written anyway, then one that has room, then new slices.
 * A service without endpoints keeps one empty slice, so that its watchers see that it is known.
 */
export function planSlices(
  existing: readonly EndpointSlice[],
  desired: readonly DesiredEndpoint[],
  labels: Readonly<Record<string, string>>,
  maxPerSlice: number,
): SlicePlan {
  const wanted = new Map<string, { ports: readonly EndpointPort[]; endpoints: Map<string, Endpoint> }>();
  for (const { ports, endpoint } of desired) {
    const key = portsKey(ports);
    let group = wanted.get(key);
    if (group === undefined) wanted.set(key, (group = { ports, endpoints: new Map() }));
    group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  if (wanted.size === 0) wanted.set(portsKey([]), { ports: [], endpoints: new Map() });

  const create: SliceContent[] = [];
  const update: { slice: EndpointSlice; endpoints: readonly Endpoint[] }[] = [];
  const remove: EndpointSlice[] = existing.filter((slice) => !wanted.has(portsKey(slice.ports ?? [])));
  for (const [key, group] of wanted) {
    const slices = existing.filter((slice) => portsKey(slice.ports ?? []) === key);
    planGroup(slices, group, labels, maxPerSlice, { create, update, remove });
  }
  return { create, update, remove };
}

interface Draft {
  readonly slice: EndpointSlice;
  endpoints: Endpoint[];
  changed: boolean;
}

function planGroup(
  slices: readonly EndpointSlice[],
  group: { readonly ports: readonly EndpointPort[]; readonly endpoints: ReadonlyMap<string, Endpoint> },
  labels: Readonly<Record<string, string>>,
  maxPerSlice: number,
  plan: { create: SliceContent[]; update: SlicePlan["update"][number][]; remove: EndpointSlice[] },
): void {
  const missing = new Map(group.endpoints);
  const drafts = slices.map((slice): Draft => {
    const draft: Draft = { slice, endpoints: [], changed: !sameLabels(slice.metadata.labels, labels) };
    for (const old of slice.endpoints ?? []) {
      const key = endpointKey(old);
      const next = missing.get(key);
      // Gone, or already found in another slice.
      if (next === undefined) draft.changed = true;
      else {
        missing.delete(key);
        draft.endpoints.push(next);
        if (!semanticEqual(old, next)) draft.changed = true;
      }
    }
    return draft;
  });
  const kept: Draft[] = [];
  for (const draft of drafts) {
    // An emptied slice goes, unless it is all the service has (of a service without endpoints) or can be filled again.
    if (draft.endpoints.length > 0 || missing.size > 0 || (group.endpoints.size === 0 && kept.length === 0)) {
      kept.push(draft);
    } else plan.remove.push(draft.slice);
  }
  const rest = [...missing.values()];
  const fillers = [...kept.filter((d) => d.changed), ...kept.filter((d) => !d.changed).sort(fullestFirst)];
  for (const draft of fillers) {
    if (rest.length === 0) break;
    const room = maxPerSlice - draft.endpoints.length;
    // An untouched slice is only written when it takes all that is left.
    if (room <= 0 || (!draft.changed && room < rest.length)) continue;
    draft.endpoints.push(...rest.splice(0, room));
    draft.changed = true;
  }
  let removedEmpty = 0;
  for (const draft of kept) {
    if (draft.endpoints.length === 0 && group.endpoints.size > 0) {
      plan.remove.push(draft.slice);
      removedEmpty++;
    } else if (draft.changed) plan.update.push({ slice: draft.slice, endpoints: draft.endpoints });
  }
  while (rest.length > 0) plan.create.push({ ports: group.ports, endpoints: rest.splice(0, maxPerSlice) });
  if (group.endpoints.size === 0 && kept.length - removedEmpty === 0) {
    plan.create.push({ ports: group.ports, endpoints: [] });
  }
}

const fullestFirst = (a: Draft, b: Draft): number => b.endpoints.length - a.endpoints.length;

export function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map((p) => canonicalJson({ ...p, name: p.name ?? "", protocol: p.protocol ?? "TCP" }))
    .sort()
    .join(",");
}

function endpointKey(endpoint: Endpoint): string {
  return endpoint.targetRef?.uid ?? endpoint.addresses.join(",");
}
