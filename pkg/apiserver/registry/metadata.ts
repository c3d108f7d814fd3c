import { randomBytes, randomUUID } from "node:crypto";
import type { NameRule, ResourceDefinition } from "#pkg/api/definition.ts";
import {
  checkDns1035Label,
  checkDnsLabel,
  checkDnsSubdomain,
  checkLabelValue,
  checkPathSegment,
  checkQualifiedName,
} from "#pkg/api/names.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { badRequest, type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Obj, Target } from "./services.ts";

const MAX_ANNOTATIONS_BYTES = 256 * 1024;
const MAX_GENERATED_PREFIX = 58;
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

const CHECKS: Readonly<Record<NameRule, (name: string) => readonly string[]>> = {
  "dns-subdomain": checkDnsSubdomain,
  "dns-label": checkDnsLabel,
  "dns-1035-label": checkDns1035Label,
  "path-segment": checkPathSegment,
};

/** The time now as metav1.Time. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Name and namespace of a body must say what the path says. @throws 400 */
export function matchPath(object: Obj, target: Target): void {
  const meta = object.metadata;
  if (target.definition.namespaced) {
    if (meta.namespace === undefined || meta.namespace === "") meta.namespace = target.namespace;
    else if (meta.namespace !== target.namespace)
      throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  } else if (meta.namespace === "" || meta.namespace === undefined) delete (meta as Partial<typeof meta>).namespace;
  if (target.name === "") return;
  if (meta.name === undefined || meta.name === "") meta.name = target.name;
  else if (meta.name !== target.name)
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${target.name})`);
}

/** A name from generateName, as upstream makes them: the prefix and five letters that form no words. */
export function generateName(prefix: string): string {
  let suffix = "";
  for (const byte of randomBytes(5)) suffix += SUFFIX_LETTERS[byte % SUFFIX_LETTERS.length];
  return prefix.slice(0, MAX_GENERATED_PREFIX) + suffix;
}

/** What clients may not write; the name is put first. */
const OWN_FIELDS = new Set([
  "managedFields",
  "selfLink",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "resourceVersion",
  "generation",
  "uid",
  "creationTimestamp",
  "generateName",
  "name",
  "namespace",
]);

type Metadata = Record<string, unknown>;

/** What the server alone decides about a new object. Clients' values are replaced. */
export function initialMetadata(object: Obj, definition: ResourceDefinition, now: number): void {
  const given = object.metadata as unknown as Metadata;
  // Absent is empty, as in Go: rules may measure it. Nothing is stored without a name.
  const made: Metadata = { name: given["name"] ?? "" };
  if (given["generateName"] !== undefined) made["generateName"] = given["generateName"];
  if (given["namespace"] !== undefined) made["namespace"] = given["namespace"];
  made["uid"] = randomUUID();
  if (definition.strategy.generation === true) made["generation"] = 1;
  made["creationTimestamp"] = timestamp(now);
  takeOthers(made, given);
  object.metadata = made as Obj["metadata"];
}

/** Puts the fields that only the server writes back to what they were. */
export function keepSystemMetadata(object: Obj, old: KubeObject): void {
  const given = object.metadata as unknown as Metadata;
  const was = old.metadata;
  const made: Metadata = { name: given["name"] };
  if (was.generateName !== undefined) made["generateName"] = was.generateName;
  if (given["namespace"] !== undefined) made["namespace"] = given["namespace"];
  made["uid"] = was.uid;
  if (was.generation !== undefined) made["generation"] = was.generation;
  made["creationTimestamp"] = was.creationTimestamp;
  if (was.deletionTimestamp !== undefined) made["deletionTimestamp"] = was.deletionTimestamp;
  if (was.deletionGracePeriodSeconds !== undefined) made["deletionGracePeriodSeconds"] = was.deletionGracePeriodSeconds;
  takeOthers(made, given);
  object.metadata = made as Obj["metadata"];
}

function takeOthers(made: Metadata, given: Metadata): void {
  for (const key in given) if (!OWN_FIELDS.has(key)) made[key] = given[key];
}

/** Upstream's ValidateObjectMeta. */
export function validateMetadata(object: Obj, definition: ResourceDefinition): FieldError[] {
  const meta = object.metadata;
  const errors: FieldError[] = [];
  const check = CHECKS[definition.strategy.nameRule ?? "dns-subdomain"];
  if (meta.name === "" || meta.name === undefined)
    errors.push(fieldError.required("metadata.name", "name or generateName is required"));
  else for (const message of check(meta.name)) errors.push(fieldError.invalid("metadata.name", meta.name, message));
  errors.push(...validateLabels(meta.labels, "metadata.labels"), ...validateAnnotations(meta.annotations));
  errors.push(...validateFinalizers(meta.finalizers ?? [], definition), ...validateOwners(meta.ownerReferences ?? []));
  return errors;
}

export function validateLabels(labels: Readonly<Record<string, string>> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key in labels) {
    for (const message of checkQualifiedName(key)) errors.push(fieldError.invalid(field, key, message));
    const value = labels[key] as string;
    for (const message of checkLabelValue(value)) errors.push(fieldError.invalid(field, value, message));
  }
  return errors;
}

function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const key in annotations) {
    for (const message of checkQualifiedName(key.toLowerCase()))
      errors.push(fieldError.invalid("metadata.annotations", key, message));
    size += key.length + Buffer.byteLength(annotations[key] as string);
  }
  if (size > MAX_ANNOTATIONS_BYTES) errors.push(fieldError.tooLong("metadata.annotations", MAX_ANNOTATIONS_BYTES));
  return errors;
}

const PLAIN_FINALIZERS = new Set(["orphan", "foregroundDeletion", "kubernetes"]);

/** Upstream's own groups want qualified finalizers; custom resources and CRDs themselves may have any name. */
const takesPlainFinalizers = ({ group, definitions, definitionName }: ResourceDefinition): boolean =>
  group === "apiextensions.k8s.io" || group === "apiregistration.k8s.io" || definitions[definitionName] === undefined;

function validateFinalizers(finalizers: readonly string[], definition: ResourceDefinition): FieldError[] {
  const errors: FieldError[] = [];
  for (const finalizer of finalizers) {
    const messages = checkQualifiedName(finalizer);
    for (const message of messages) errors.push(fieldError.invalid("metadata.finalizers", finalizer, message));
    if (takesPlainFinalizers(definition)) continue;
    if (messages.length === 0 && !finalizer.includes("/") && !PLAIN_FINALIZERS.has(finalizer))
      errors.push(
        fieldError.invalid(
          "metadata.finalizers",
          finalizer,
          "name is neither a standard finalizer name nor is it fully qualified",
        ),
      );
  }
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.push(
      fieldError.invalid(
        "metadata.finalizers",
        finalizers,
        "finalizer orphan and foregroundDeletion cannot be both set",
      ),
    );
  return errors;
}

function validateOwners(owners: NonNullable<KubeObject["metadata"]["ownerReferences"]>): FieldError[] {
  const errors: FieldError[] = [];
  let controllers = 0;
  owners.forEach((owner, i) => {
    const at = `metadata.ownerReferences[${i}]`;
    if (!owner.apiVersion)
      errors.push(fieldError.invalid(`${at}.apiVersion`, owner.apiVersion ?? "", "version must not be empty"));
    if (!owner.kind) errors.push(fieldError.invalid(`${at}.kind`, owner.kind ?? "", "must not be empty"));
    if (!owner.name) errors.push(fieldError.invalid(`${at}.name`, owner.name ?? "", "must not be empty"));
    if (!owner.uid) errors.push(fieldError.invalid(`${at}.uid`, owner.uid ?? "", "must not be empty"));
    if (owner.controller === true) controllers++;
  });
  if (controllers > 1)
    errors.push(
      fieldError.invalid("metadata.ownerReferences", owners, "Only one reference can have Controller set to true."),
    );
  return errors;
}
