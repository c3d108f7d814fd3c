/** events.k8s.io is a view of core Events, which are stored. */
import { fieldError } from "#pkg/errors/index.ts";
import { eventColumns } from "../core/event.ts";
import type { Column, StorageDefinition } from "../definition.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import type { KubeObject } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Event } from "../types/events-v1.ts";

/** Field of events.k8s.io/v1 to field of core/v1; all others have one name. */
const CORE_NAMES: Readonly<Record<string, string>> = {
  note: "message",
  regarding: "involvedObject",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([here, core]) => [core, here]));

const renamed = (object: KubeObject, names: Readonly<Record<string, string>>, apiVersion: string): KubeObject =>
  ({
    ...Object.fromEntries(Object.entries(object).map(([field, value]) => [names[field] ?? field, value])),
    apiVersion,
  }) as unknown as KubeObject;

export const eventStorage: StorageDefinition = {
  prefix: "events",
  apiVersion: "v1",
  toStorage: (object) => ({ involvedObject: {}, ...renamed(object, CORE_NAMES, "v1") }) as KubeObject,
  fromStorage: (object) => renamed(object, NEW_NAMES, "events.k8s.io/v1"),
};

const MAX_NOTE = 1024;

function validate(event: Event): Errors {
  const errors: Errors = [];
  if (event.eventTime === undefined) errors.push(fieldError.required("eventTime"));
  if (!event.reportingController) errors.push(fieldError.required("reportingController"));
  else
    addInvalid(errors, "reportingController", event.reportingController, checkQualifiedName(event.reportingController));
  for (const field of ["reportingInstance", "action", "reason"] as const) {
    if (!event[field]) errors.push(fieldError.required(field));
    else if (event[field].length > 128) errors.push(fieldError.invalid(field, "", "can have at most 128 characters"));
  }
  if ((event.note ?? "").length > MAX_NOTE) {
    errors.push(fieldError.invalid("note", "", `can have at most ${MAX_NOTE} characters`));
  }
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(fieldError.invalid("type", "", `has invalid value: ${event.type ?? ""}`));
  }
  if (event.series !== undefined && (event.series.count ?? 0) < 2) {
    errors.push(fieldError.invalid("series.count", event.series.count, "should be at least 2"));
  }
  return errors;
}

const NEW_FIELDS = [
  "eventTime",
  "reportingController",
  "reportingInstance",
  "action",
  "reason",
  "regarding",
  "related",
  "note",
  "type",
] as const;

/** Only the series may grow; events written by the old API stay as they were written. */
function validateUpdate(event: Event, old: Event): Errors {
  if (old.eventTime === undefined) return [];
  const errors = validate(event);
  for (const field of NEW_FIELDS) {
    if (JSON.stringify(event[field]) !== JSON.stringify(old[field])) {
      errors.push(fieldError.invalid(field, event[field], "field is immutable"));
    }
  }
  return errors;
}

/** The same cells as core Events show, from the other names. */
const columns: readonly Column[] = eventColumns.map((c) => ({
  ...c,
  value: (event: KubeObject, now: number) => c.value(renamed(event, CORE_NAMES, "v1"), now),
}));

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const newEventStrategy = strategyOf<Event>({
  allowCreateOnUpdate: true,
  validate,
  validateUpdate,
  columns,
  selectableFields: {
    reason: (e) => text(e.reason),
    "regarding.kind": (e) => text(e.regarding?.kind),
    "regarding.name": (e) => text(e.regarding?.name),
    "regarding.namespace": (e) => text(e.regarding?.namespace),
    "regarding.uid": (e) => text(e.regarding?.uid),
    "regarding.apiVersion": (e) => text(e.regarding?.apiVersion),
    "regarding.resourceVersion": (e) => text(e.regarding?.resourceVersion),
    "regarding.fieldPath": (e) => text(e.regarding?.fieldPath),
    reportingController: (e) => text(e.reportingController),
    type: (e) => text(e.type),
  },
});
