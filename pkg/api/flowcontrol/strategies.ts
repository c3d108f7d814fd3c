import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkEnum, type Errors } from "../field-checks.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { FlowSchema, PriorityLevelConfiguration as Level } from "../types/flowcontrol-v1.ts";

const MAX_PRECEDENCE = 10_000;

function validateSchema(schema: FlowSchema): Errors {
  const errors: Errors = [];
  const { spec } = schema;
  const precedence = spec.matchingPrecedence ?? 0;
  if (precedence <= 0)
    errors.push(fieldError.invalid("spec.matchingPrecedence", precedence, "must be a positive value"));
  if (precedence > MAX_PRECEDENCE) {
    const why = `must not be greater than ${MAX_PRECEDENCE}`;
    errors.push(fieldError.invalid("spec.matchingPrecedence", precedence, why));
  }
  if (spec.distinguisherMethod !== undefined) {
    checkEnum(errors, "spec.distinguisherMethod.type", spec.distinguisherMethod.type, ["ByNamespace", "ByUser"]);
  }
  if (!spec.priorityLevelConfiguration?.name) {
    errors.push(fieldError.required("spec.priorityLevelConfiguration.name", "must reference a priority level"));
  }
  for (const [i, rule] of (spec.rules ?? []).entries()) {
    if ((rule.subjects ?? []).length === 0) {
      errors.push(fieldError.required(`spec.rules[${i}].subjects`, "subjects must contain at least one value"));
    }
    for (const [j, subject] of (rule.subjects ?? []).entries()) {
      checkEnum(errors, `spec.rules[${i}].subjects[${j}].kind`, subject.kind, ["Group", "ServiceAccount", "User"]);
    }
    if ((rule.resourceRules ?? []).length === 0 && (rule.nonResourceRules ?? []).length === 0) {
      errors.push(
        fieldError.required(
          `spec.rules[${i}]`,
          "at least one of resourceRules and nonResourceRules has to be non-empty",
        ),
      );
    }
  }
  return errors;
}

export const flowSchemaStrategy = strategyOf<FlowSchema>({
  ...separateStatus<FlowSchema>(() => ({})),
  generation: true,
  defaults: (schema) => {
    schema.spec ??= {} as typeof schema.spec;
    schema.spec.matchingPrecedence ||= 1000;
  },
  validate: validateSchema,
  validateUpdate: validateSchema,
  columns: [
    nameColumn,
    column("PriorityLevel", "Level of what it matches", (s: FlowSchema) => s.spec.priorityLevelConfiguration?.name),
    column("MatchingPrecedence", "Lower ones are tried first", (s: FlowSchema) => s.spec.matchingPrecedence),
    column("DistinguisherMethod", "What makes a flow", (s: FlowSchema) => s.spec.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    column(
      "MissingPL",
      "Whether its level is missing",
      (s: FlowSchema) => s.status?.conditions?.find((c) => c.type === "Dangling")?.status ?? "?",
    ),
  ],
});

function validateLevel(level: Level): Errors {
  const errors: Errors = [];
  const { spec } = level;
  checkEnum(errors, "spec.type", spec.type, ["Exempt", "Limited"]);
  if (spec.type === "Exempt" && spec.limited !== undefined) {
    errors.push(fieldError.forbidden("spec.limited", "must be nil if the type is not Limited"));
  }
  if (spec.type === "Limited" && spec.exempt !== undefined) {
    errors.push(fieldError.forbidden("spec.exempt", "must be nil if the type is Limited"));
  }
  if (spec.type === "Limited" && spec.limited === undefined) {
    errors.push(fieldError.required("spec.limited", "must not be empty when type is Limited"));
  }
  const response = spec.limited?.limitResponse;
  if (response === undefined) return errors;
  const at = "spec.limited.limitResponse";
  checkEnum(errors, `${at}.type`, response.type, ["Queue", "Reject"]);
  if (response.type === "Reject" && response.queuing !== undefined) {
    errors.push(fieldError.forbidden(`${at}.queuing`, "must be nil if limited.limitResponse.type is not Limited"));
  }
  const { queues = 1, handSize = 1, queueLengthLimit = 1 } = response.queuing ?? {};
  for (const [field, value] of Object.entries({ queues, handSize, queueLengthLimit })) {
    if (value <= 0) errors.push(fieldError.invalid(`${at}.queuing.${field}`, value, "must be positive"));
  }
  if (handSize > queues) {
    const why = `should not be greater than queues (${queues})`;
    errors.push(fieldError.invalid(`${at}.queuing.handSize`, handSize, why));
  }
  return errors;
}

const queuing = (level: Level, field: "queues" | "handSize" | "queueLengthLimit"): string =>
  String(level.spec.limited?.limitResponse?.queuing?.[field] ?? "<none>");

export const priorityLevelConfigurationStrategy = strategyOf<Level>({
  ...separateStatus<Level>(() => ({})),
  generation: true,
  defaults: (level) => {
    level.spec ??= {} as typeof level.spec;
    const { spec } = level;
    if (spec.type === "Exempt") {
      spec.exempt ??= {};
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    if (spec.limited === undefined) return;
    spec.limited.nominalConcurrencyShares ??= 30;
    spec.limited.lendablePercent ??= 0;
    spec.limited.limitResponse ??= { type: "" };
    const queue = spec.limited.limitResponse.queuing;
    if (queue === undefined) return;
    queue.queues ||= 64;
    queue.handSize ||= 8;
    queue.queueLengthLimit ||= 50;
  },
  validate: validateLevel,
  validateUpdate: validateLevel,
  columns: [
    nameColumn,
    column("Type", "Exempt or Limited", (l: Level) => l.spec.type),
    column("NominalConcurrencyShares", "Its part of all seats", (l: Level) =>
      String(l.spec.limited?.nominalConcurrencyShares ?? l.spec.exempt?.nominalConcurrencyShares ?? "<none>"),
    ),
    column("Queues", "Its queues", (l: Level) => queuing(l, "queues")),
    column("HandSize", "Queues a flow may use", (l: Level) => queuing(l, "handSize")),
    column("QueueLengthLimit", "Requests that may wait in one", (l: Level) => queuing(l, "queueLengthLimit")),
    ageColumn,
  ],
});
