import { ageColumn, column, nameColumn } from "../columns.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { FlowSchema, PriorityLevelConfiguration as Level } from "../types/flowcontrol-v1.ts";
import { validateFlowSchema } from "./flow-schema.ts";
import { validatePriorityLevel } from "./priority-level.ts";

const DEFAULT_PRECEDENCE = 1000;
const DEFAULT_SHARES = 30;

export const flowSchemaStrategy = strategyOf<FlowSchema>({
  ...separateStatus<FlowSchema>(() => ({})),
  generation: true,
  defaults: (schema) => {
    schema.spec ??= {} as typeof schema.spec;
    schema.spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
  },
  validate: validateFlowSchema,
  validateUpdate: validateFlowSchema,
  validateStatusUpdate: validateFlowSchema,
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

const queuing = (level: Level, field: "queues" | "handSize" | "queueLengthLimit"): number | string =>
  level.spec.limited?.limitResponse?.queuing?.[field] ?? "<none>";

export const priorityLevelConfigurationStrategy = strategyOf<Level>({
  ...separateStatus<Level>(() => ({})),
  generation: true,
  defaults: (level) => {
    level.spec ??= {} as typeof level.spec;
    const { spec } = level;
    if (spec.type === "Exempt" && spec.limited === undefined) spec.exempt ??= {};
    if (spec.exempt !== undefined) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    if (spec.limited === undefined) return;
    spec.limited.nominalConcurrencyShares ??= DEFAULT_SHARES;
    spec.limited.lendablePercent ??= 0;
    spec.limited.limitResponse ??= { type: "" };
    const queue = spec.limited.limitResponse.queuing;
    if (queue === undefined) return;
    queue.queues ||= 64;
    queue.handSize ||= 8;
    queue.queueLengthLimit ||= 50;
  },
  validate: validatePriorityLevel,
  validateUpdate: validatePriorityLevel,
  validateStatusUpdate: validatePriorityLevel,
  columns: [
    nameColumn,
    column("Type", "Exempt or Limited", (l: Level) => l.spec.type),
    column(
      "NominalConcurrencyShares",
      "Its part of all seats",
      (l: Level) => l.spec.limited?.nominalConcurrencyShares ?? "<none>",
    ),
    column("Queues", "Its queues", (l: Level) => queuing(l, "queues")),
    column("HandSize", "Queues a flow may use", (l: Level) => queuing(l, "handSize")),
    column("QueueLengthLimit", "Requests that may wait in one", (l: Level) => queuing(l, "queueLengthLimit")),
    ageColumn,
  ],
});
