// When a job's pods count as failed, and when a job counts as done early.
import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkNotNegative, type Errors, invalidWithoutValue, quotedList } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from "../types/batch-v1.ts";

const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_INDEXES_LENGTH = 64 * 1024;
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const STATUSES = ["False", "True", "Unknown"];

/** Required, and one of them; the words list the choices in Go's way. */
function checkChoice(errors: Errors, path: string, value: string | undefined, choices: readonly string[]): void {
  if (!value) errors.push(fieldError.required(path, `valid values: ${quotedList(choices)}`));
  else if (!choices.includes(value)) errors.push(fieldError.notSupported(path, value, choices));
}

export function checkFailurePolicy(errors: Errors, path: string, spec: JobSpec): void {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > MAX_RULES) errors.push(fieldError.tooMany(`${path}.rules`, rules.length, MAX_RULES));
  const pod = spec.template?.spec;
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map(({ name }) => name));
  for (const [i, rule] of rules.entries()) checkFailureRule(errors, `${path}.rules[${i}]`, rule, names, spec);
}

function checkFailureRule(
  errors: Errors,
  path: string,
  rule: PodFailurePolicyRule,
  names: ReadonlySet<string>,
  spec: JobSpec,
): void {
  if (rule.action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldError.invalid(`${path}.action`, rule.action, "requires the backoffLimitPerIndex to be set"));
  } else checkChoice(errors, `${path}.action`, rule.action, ACTIONS);
  if (rule.onExitCodes !== undefined) checkExitCodes(errors, `${path}.onExitCodes`, rule.onExitCodes, names);
  const patterns = rule.onPodConditions ?? [];
  if (patterns.length > MAX_RULES) {
    errors.push(fieldError.tooMany(`${path}.onPodConditions`, patterns.length, MAX_RULES));
  }
  for (const [i, { type, status }] of patterns.entries()) {
    const at = `${path}.onPodConditions[${i}]`;
    addInvalid(errors, `${at}.type`, type, checkQualifiedName(type ?? ""));
    checkChoice(errors, `${at}.status`, status, STATUSES);
  }
  const hasConditions = patterns.length > 0;
  if (rule.onExitCodes !== undefined && hasConditions) {
    errors.push(invalidWithoutValue(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  } else if (rule.onExitCodes === undefined && !hasConditions) {
    errors.push(invalidWithoutValue(path, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
}

function checkExitCodes(
  errors: Errors,
  path: string,
  codes: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
  names: ReadonlySet<string>,
): void {
  checkChoice(errors, `${path}.operator`, codes.operator, OPERATORS);
  const { containerName } = codes;
  const values: readonly number[] = (codes as Partial<typeof codes>).values ?? [];
  if (containerName !== undefined && !names.has(containerName)) {
    const why = "must be one of the container or initContainer names in the pod template";
    errors.push(fieldError.invalid(`${path}.containerName`, containerName, why));
  }
  const at = `${path}.values`;
  if (values.length === 0) errors.push(fieldError.invalid(at, values, "at least one value is required"));
  else if (values.length > MAX_EXIT_CODES) errors.push(fieldError.tooMany(at, values.length, MAX_EXIT_CODES));
  for (const [i, value] of values.entries()) {
    if (codes.operator === "In" && value === 0) {
      errors.push(fieldError.invalid(`${at}[${i}]`, value, "must not be 0 for the In operator"));
    }
    if (values.indexOf(value) < i) errors.push(fieldError.duplicate(`${at}[${i}]`, value));
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] as number) > value)) {
    errors.push(fieldError.invalid(at, values, "must be ordered"));
  }
}

export function checkSuccessPolicy(errors: Errors, path: string, spec: JobSpec): void {
  const { successPolicy } = spec;
  if (successPolicy === undefined) return;
  if (spec.completionMode !== "Indexed") {
    errors.push(fieldError.invalid(path, successPolicy, "requires indexed completion mode"));
    return;
  }
  const rules = successPolicy.rules ?? [];
  if (rules.length === 0) {
    const why = "at least one rules must be specified when the successPolicy is specified";
    errors.push(fieldError.required(`${path}.rules`, why));
  }
  if (rules.length > MAX_RULES) errors.push(fieldError.tooMany(`${path}.rules`, rules.length, MAX_RULES));
  for (const [i, rule] of rules.entries()) {
    checkSuccessRule(errors, `${path}.rules[${i}]`, rule, spec.completions ?? 0);
  }
}

function checkSuccessRule(errors: Errors, path: string, rule: SuccessPolicyRule, completions: number): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined) {
    const why = "at least one of succeededCount or succeededIndexes must be specified";
    errors.push(fieldError.required(path, why));
  }
  let total: number | undefined;
  if (indexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (indexes.length > MAX_INDEXES_LENGTH) errors.push(fieldError.tooLong(at, MAX_INDEXES_LENGTH));
    const parsed = countIndexes(indexes, completions);
    if (typeof parsed === "string") {
      errors.push(fieldError.invalid(at, indexes, `error parsing succeededIndexes: ${parsed}`));
    } else total = parsed;
  }
  if (count === undefined) return;
  const at = `${path}.succeededCount`;
  checkNotNegative(errors, at, count);
  if (count > completions) {
    const why = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(fieldError.invalid(at, count, why));
  }
  if (total !== undefined && count > total) {
    const why = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(fieldError.invalid(at, count, why));
  }
}

/** How many indexes "1,3-5" names; what is wrong with it where it names none. */
function countIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let last = -1;
  let total = 0;
  for (const part of text.split(",")) {
    const ends = part.split("-");
    if (ends.length > 2)
      return `the fragment "${part}" violates the requirement that an index interval can have at most two parts separated by '-'`;
    const numbers: number[] = [];
    for (const end of ends) {
      if (!/^\d+$/.test(end)) return `cannot convert string to integer for index: "${end}"`;
      const index = Number(end);
      if (index >= completions) return `too large index: "${end}"`;
      numbers.push(index);
    }
    const [first = 0, second = first] = numbers;
    if (numbers.length === 2 && second <= first) {
      return `non-increasing order, previous: ${first}, current: ${second}`;
    }
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    total += second - first + 1;
    last = second;
  }
  return total;
}
