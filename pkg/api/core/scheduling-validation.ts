import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkLabelValue, checkQualifiedName } from "../names.ts";
import type { Taint, Toleration, TopologySpreadConstraint } from "../types/core-v1.ts";

const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function checkTolerations(errors: Errors, path: string, tolerations: readonly Toleration[] | undefined): void {
  if (tolerations === undefined) return;
  for (let i = 0; i < tolerations.length; i++) {
    const t = tolerations[i] as Toleration;
    const at = `${path}[${i}]`;
    const operator = t.operator ?? "";
    if (t.key) addInvalid(errors, `${at}.key`, t.key, checkQualifiedName(t.key));
    else if (operator !== "Exists") {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(fieldError.invalid(`${at}.operator`, operator, why));
    }
    if (t.tolerationSeconds !== undefined && t.effect !== "NoExecute") {
      const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(fieldError.invalid(`${at}.effect`, t.effect ?? "", why));
    }
    if (operator === "Equal" || operator === "") {
      addInvalid(errors, `${at}.operator`, t.value ?? "", checkLabelValue(t.value ?? ""));
    } else if (operator === "Exists") {
      if (t.value) {
        errors.push(fieldError.invalid(`${at}.operator`, t, "value must be empty when `operator` is 'Exists'"));
      }
    } else errors.push(fieldError.notSupported(`${at}.operator`, operator, ["Equal", "Exists"]));
    if (t.effect) checkEnum(errors, `${at}.effect`, t.effect, EFFECTS);
  }
}

export function checkTaints(errors: Errors, path: string, taints: readonly Taint[] | undefined): void {
  const seen = new Set<string>();
  for (const [i, taint] of (taints ?? []).entries()) {
    const at = `${path}[${i}]`;
    addInvalid(errors, `${at}.key`, taint.key, checkQualifiedName(taint.key ?? ""));
    const wrong = checkLabelValue(taint.value ?? "");
    if (wrong.length > 0) errors.push(fieldError.invalid(`${at}.value`, taint.value, wrong.join(";")));
    if (!taint.effect) errors.push(fieldError.required(`${at}.effect`));
    else if (!EFFECTS.includes(taint.effect)) {
      errors.push(fieldError.notSupported(`${at}.effect`, taint.effect, EFFECTS));
    }
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) {
      const found = fieldError.duplicate(at, taint);
      errors.push({ ...found, message: `${found.message}: taints must be unique by key and effect pair` });
    }
    seen.add(key);
  }
}

export function checkSpread(errors: Errors, path: string, all: readonly TopologySpreadConstraint[] | undefined): void {
  const seen = new Set<string>();
  for (const [i, c] of (all ?? []).entries()) {
    const at = `${path}[${i}]`;
    if ((c.maxSkew ?? 0) <= 0)
      errors.push(fieldError.invalid(`${at}.maxSkew`, c.maxSkew ?? 0, "must be greater than zero"));
    if (!c.topologyKey) errors.push(fieldError.required(`${at}.topologyKey`, "can not be empty"));
    else addInvalid(errors, `${at}.topologyKey`, c.topologyKey, checkQualifiedName(c.topologyKey));
    if (!["DoNotSchedule", "ScheduleAnyway"].includes(c.whenUnsatisfiable)) {
      const supported = ["DoNotSchedule", "ScheduleAnyway"];
      errors.push(fieldError.notSupported(`${at}.whenUnsatisfiable`, c.whenUnsatisfiable ?? "", supported));
    }
    const key = `${c.topologyKey}, ${c.whenUnsatisfiable}`;
    if (seen.has(key)) {
      errors.push(fieldError.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${key}}`));
    }
    seen.add(key);
    if (c.minDomains !== undefined) {
      if (c.minDomains <= 0) {
        errors.push(fieldError.invalid(`${at}.minDomains`, c.minDomains, "must be greater than zero"));
      }
      if (c.whenUnsatisfiable !== "DoNotSchedule") {
        const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${c.whenUnsatisfiable}`;
        errors.push(fieldError.invalid(`${at}.minDomains`, c.minDomains, why));
      }
    }
    checkOptionalEnum(errors, `${at}.nodeAffinityPolicy`, c.nodeAffinityPolicy, ["Honor", "Ignore"]);
    checkOptionalEnum(errors, `${at}.nodeTaintsPolicy`, c.nodeTaintsPolicy, ["Honor", "Ignore"]);
    checkLabelSelector(errors, `${at}.labelSelector`, c.labelSelector);
    if ((c.matchLabelKeys ?? []).length > 0 && c.labelSelector === undefined) {
      errors.push(fieldError.forbidden(`${at}.matchLabelKeys`, "must not be specified when labelSelector is not set"));
    }
  }
}
