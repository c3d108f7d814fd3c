import type { KubeObject } from "#pkg/api/index.ts";
import type { ListMeta, ObjectMeta } from "#pkg/api/types/meta-v1.ts";

/** Versions of meta.k8s.io that clients ask for; the shapes are the same. */
export type MetaVersion = "v1" | "v1beta1";

export interface PartialObjectMetadata {
  readonly kind: "PartialObjectMetadata";
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

export interface PartialObjectMetadataList {
  readonly kind: "PartialObjectMetadataList";
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  readonly items: readonly PartialObjectMetadata[];
}

/** What `as=PartialObjectMetadata` answers for one object, and for the object of a watch event. */
export function toPartialObjectMetadata(object: KubeObject, version: MetaVersion = "v1"): PartialObjectMetadata {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

export function toPartialObjectMetadataList(
  items: readonly KubeObject[],
  metadata: ListMeta,
  version: MetaVersion = "v1",
): PartialObjectMetadataList {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: items.map((item) => toPartialObjectMetadata(item, version)),
  };
}
