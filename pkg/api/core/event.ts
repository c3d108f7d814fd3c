import { fieldError } from "#pkg/errors/index.ts";
import { column, nameColumn, wideColumn } from "../columns.ts";
import { ageSince } from "../duration.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { type Columns, strategyOf } from "../strategy-of.ts";
import type { Event } from "../types/core-v1.ts";

const NOT_ITS_NAMESPACE = "does not match event.namespace";
const MAX_LENGTH = 128;
const MAX_NOTE = 1024;

/**
 * Upstream's legacyValidateEvent, which events of both APIs pass: those with an eventTime are of the new form. Fields
 * are named as they are stored.
 */
export function validateEvent(event: Event): Errors {
  const errors: Errors = [];
  const about = event.involvedObject?.namespace ?? "";
  const own = event.metadata.namespace ?? "";
  const mismatch = (): void => {
    errors.push(fieldError.invalid("involvedObject.namespace", about, NOT_ITS_NAMESPACE));
  };
  // Events about cluster-scoped objects are kept in "default".
  if (!event.eventTime) {
    if (about === "" ? own !== "" && own !== "default" : own !== about) mismatch();
    return errors;
  }
  if (about === "" && own !== "default" && own !== "kube-system") mismatch();
  const controller = event.reportingComponent ?? "";
  if (controller === "") errors.push(fieldError.required("reportingController"));
  addInvalid(errors, "reportingController", controller, checkQualifiedName(controller));
  for (const field of ["reportingInstance", "action", "reason"] as const) {
    const value = event[field] ?? "";
    if (value === "") errors.push(fieldError.required(field));
    if (Buffer.byteLength(value) > MAX_LENGTH) {
      errors.push(fieldError.invalid(field, "", `can have at most ${MAX_LENGTH} characters`));
    }
  }
  if (Buffer.byteLength(event.message ?? "") > MAX_NOTE) {
    errors.push(fieldError.invalid("message", "", `can have at most ${MAX_NOTE} characters`));
  }
  return errors;
}

const firstSeen = (e: Event, now: number): string => ageSince(e.firstTimestamp ?? e.eventTime, now);
function lastSeen(e: Event, now: number): string {
  return ageSince(e.series?.lastObservedTime ?? e.lastTimestamp ?? e.firstTimestamp ?? e.eventTime, now);
}
function source(e: Event): string {
  const component = e.source?.component || e.reportingComponent || "";
  const host = e.source?.host || "";
  return [component, host].filter((s) => s !== "").join(", ");
}

export const eventColumns: Columns = [
  column("Last Seen", "Time since it was last seen", lastSeen),
  column("Type", "Normal or Warning", (e: Event) => e.type),
  column("Reason", "Why it came", (e: Event) => e.reason),
  column("Object", "What it is about", (e: Event) => {
    const { kind = "", name = "" } = e.involvedObject ?? {};
    return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
  }),
  wideColumn("Subobject", "Part of the object", (e: Event) => e.involvedObject?.fieldPath),
  wideColumn("Source", "Who reported it", source),
  column("Message", "What happened", (e: Event) => (e.message ?? "").trim()),
  wideColumn("First Seen", "Time since it was first seen", firstSeen),
  column("Count", "How often it was seen", (e: Event) => e.series?.count ?? (e.count || 1), 1),
  { ...nameColumn, priority: 1 },
];

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const eventStrategy = strategyOf<Event>({
  allowCreateOnUpdate: true,
  validate: validateEvent,
  validateUpdate: validateEvent,
  columns: eventColumns,
  selectableFields: {
    "involvedObject.kind": (e) => text(e.involvedObject?.kind),
    "involvedObject.namespace": (e) => text(e.involvedObject?.namespace),
    "involvedObject.name": (e) => text(e.involvedObject?.name),
    "involvedObject.uid": (e) => text(e.involvedObject?.uid),
    "involvedObject.apiVersion": (e) => text(e.involvedObject?.apiVersion),
    "involvedObject.resourceVersion": (e) => text(e.involvedObject?.resourceVersion),
    "involvedObject.fieldPath": (e) => text(e.involvedObject?.fieldPath),
    reason: (e) => text(e.reason),
    reportingComponent: (e) => text(e.reportingComponent),
    source: (e) => text(e.source?.component) || text(e.reportingComponent),
    type: (e) => text(e.type),
  },
});
