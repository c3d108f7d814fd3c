import type { Labels } from "#pkg/api/labels.ts";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";

export type Level = "privileged" | "baseline" | "restricted";
const LEVELS: readonly Level[] = ["privileged", "baseline", "restricted"];
const PREFIX = "pod-security.kubernetes.io/";

/** A level of the Pod Security Standards in the version of one minor release; Infinity is the latest. */
export interface Standard {
  readonly level: Level;
  readonly minor: number;
}

/** What a namespace asks for. There is no audit log, so nothing reads `audit`. */
export interface Policy {
  readonly enforce: Standard;
  readonly warn: Standard;
}

const PRIVILEGED: Standard = { level: "privileged", minor: Infinity };

/** -1, 0 or 1: how much `a` restricts compared with `b`. */
export const compareLevels = (a: Level, b: Level): number => Math.sign(LEVELS.indexOf(a) - LEVELS.indexOf(b));

/** "restricted:latest", "baseline:v1.30" */
export const standardText = ({ level, minor }: Standard): string =>
  `${level}:${minor === Infinity ? "latest" : `v1.${minor}`}`;

/** The policy that labels ask for. What cannot be read is enforced as the strictest, and not warned about. */
export function policyOf(labels: Labels | undefined): Policy {
  const of = (mode: string): string | undefined => labels?.[PREFIX + mode];
  const enforce = {
    level: of("enforce") === undefined ? "privileged" : (levelOf(of("enforce")) ?? "restricted"),
    minor: minorOf(of("enforce-version")) ?? Infinity,
  } as const;
  if (of("warn") !== undefined) {
    const warn = { level: levelOf(of("warn")) ?? "privileged", minor: minorOf(of("warn-version")) ?? Infinity };
    return { enforce, warn };
  }
  // Controllers are not held to what is enforced: their users are told at least.
  const isStricter = levelOf(of("enforce")) !== undefined && enforce.level !== "privileged";
  const minor = minorOf(of("warn-version")) ?? enforce.minor;
  return { enforce, warn: isStricter ? { level: enforce.level, minor } : PRIVILEGED };
}

/** Findings on labels that cannot be read. */
export function labelErrors(labels: Labels | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of ["enforce", "audit", "warn"]) {
    const level = labels?.[PREFIX + mode];
    const version = labels?.[`${PREFIX}${mode}-version`];
    if (level !== undefined && levelOf(level) === undefined)
      errors.push(
        fieldError.invalid(`metadata.labels[${PREFIX}${mode}]`, level, `must be one of ${LEVELS.join(", ")}`),
      );
    if (version !== undefined && minorOf(version) === undefined)
      errors.push(
        fieldError.invalid(`metadata.labels[${PREFIX}${mode}-version]`, version, 'must be "latest" or "v1.x"'),
      );
  }
  return errors;
}

const levelOf = (text: string | undefined): Level | undefined => LEVELS.find((each) => each === text);

function minorOf(text: string | undefined): number | undefined {
  if (text === "latest") return Infinity;
  const found = /^v1\.(0|[1-9]\d{0,3})$/.exec(text ?? "");
  return found === null ? undefined : Number(found[1]);
}
