import type { Schema } from "#pkg/api/index.ts";

/** The name of the schema that every kind's `metadata` refers to. */
export const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** That of creationTimestamp begins as upstream's does: the conformance suite looks for it in `kubectl explain`. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  annotations: "Annotations hold data that tools keep with the object; nothing is selected by them.",
  creationTimestamp:
    "CreationTimestamp is a timestamp of the server's time when the object was created. Set by the server.",
  deletionGracePeriodSeconds:
    "Seconds that the object may take to end after its deletion was asked for. Set by the server.",
  deletionTimestamp:
    "DeletionTimestamp is when the object will be removed, once its deletion was asked for. Set by the server.",
  finalizers: "Finalizers name who must do something before the object is removed; each takes its own name away.",
  generateName: "GenerateName is the beginning of a name that the server completes when there is no name.",
  generation: "Generation counts the changes of what is wanted. Set by the server.",
  labels: "Labels are keys and values by which objects are organized and selected.",
  managedFields: "ManagedFields says which manager set which fields. Kept by the server.",
  name: "Name is unique among the objects of a kind in a namespace, and cannot be changed.",
  namespace: "Namespace is the space in which the name is unique; objects of the cluster have none.",
  ownerReferences: "OwnerReferences name the objects this one depends on: it is collected when all of them are gone.",
  resourceVersion: "ResourceVersion changes with every write; clients compare it and give it back. Set by the server.",
  selfLink: "SelfLink is no longer set.",
  uid: "UID is unique in time and space: an object made again under the same name has another one. Set by the server.",
};

/** The schema of ObjectMeta, with a description of each field: its table, made from the API's facts, has none. */
export function describeObjectMeta(schema: Schema): Schema {
  const described = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const description = Object.hasOwn(DESCRIPTIONS, name) ? DESCRIPTIONS[name] : undefined;
    return [name, description === undefined ? property : { ...property, description }];
  });
  return { ...schema, properties: Object.fromEntries(described) as Readonly<Record<string, Schema>> };
}
