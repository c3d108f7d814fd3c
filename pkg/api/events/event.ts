/** events.k8s.io is a view of core Events, which are stored. */
import { fieldError } from "#pkg/errors/index.ts";
import { eventColumns, validateEvent } from "../core/event.ts";
import type { Column, StorageDefinition } from "../definition.ts";
import { semanticEqual } from "../equal.ts";
import { checkImmutable, type Errors } from "../field-checks.ts";
import type { KubeObject } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Event as CoreEvent } from "../types/core-v1.ts";
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

const asCore = (event: Event): CoreEvent => renamed(event as KubeObject, CORE_NAMES, "v1") as CoreEvent;
const UNSET = "needs to be unset";

/** Strict rules of this API on top of those of both; fields are named as core Events name them, as upstream does. */
function validate(event: Event): Errors {
  const errors = validateEvent(asCore(event));
  checkSeries(errors, event);
  if (!event.eventTime) errors.push(fieldError.required("eventTime"));
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(fieldError.invalid("type", "", `has invalid value: ${event.type ?? ""}`));
  }
  if (event.deprecatedFirstTimestamp) errors.push(fieldError.invalid("firstTimestamp", "", UNSET));
  if (event.deprecatedLastTimestamp) errors.push(fieldError.invalid("lastTimestamp", "", UNSET));
  if ((event.deprecatedCount ?? 0) !== 0) errors.push(fieldError.invalid("count", "", UNSET));
  if (event.deprecatedSource?.component || event.deprecatedSource?.host) {
    errors.push(fieldError.invalid("source", "", UNSET));
  }
  return errors;
}

function checkSeries(errors: Errors, { series }: Event): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) errors.push(fieldError.invalid("series.count", "", "should be at least 2"));
  if (!series.lastObservedTime) errors.push(fieldError.required("series.lastObservedTime"));
}

/** Upstream's order; `reason` is looked at twice there too. */
const FIXED = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

/** Only the series may change. */
function validateUpdate(event: Event, old: Event): Errors {
  const now = asCore(event);
  const before = asCore(old);
  const errors = validateEvent(now);
  if (!semanticEqual(event.series, old.series)) checkSeries(errors, event);
  for (const field of FIXED) {
    checkImmutable(errors, field === "reportingComponent" ? "reportingController" : field, now[field], before[field]);
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
