import { type FieldError, fieldError } from "#pkg/errors/index.ts";

/** Field paths of nothing print so upstream, and clients see it. */
export const NO_FIELD = "<nil>";

/** "a.b" with a prefix that may be empty. */
export const childPath = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** What validation has found so far, in the words of kube-openapi. Paths are relative to `base`. */
export class Findings {
  readonly base: string;
  readonly errors: FieldError[] = [];
  /** Checks that went well: of several alternatives, the one with most is what its author meant. */
  matches = 0;

  constructor(base = "") {
    this.base = base;
  }

  wrongType(path: string, wanted: string, given: string): void {
    const message = `${path} in body must be of type ${wanted}: ${JSON.stringify(given)}`;
    this.errors.push(fieldError.typeInvalid(this.#field(path), given, message));
  }
  required(path: string): void {
    this.errors.push(fieldError.required(this.#field(path)));
  }
  /** `why` comes after "<path> in body ". */
  invalid(path: string, value: unknown, why: string): void {
    this.errors.push(fieldError.invalid(this.#field(path), value ?? "", `${path} in body ${why}`));
  }
  notSupported(path: string, value: unknown, supported: readonly unknown[]): void {
    const shown = supported.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
    this.errors.push(fieldError.notSupported(this.#field(path), value ?? "null", shown));
  }
  /** A member that additionalProperties: false excludes. */
  invalidProperty(path: string, key: string): void {
    const message = `${path}.${key} in body is a forbidden property`;
    this.errors.push(fieldError.invalid(this.#field(path), key, message));
  }
  tooLong(path: string, max: number): void {
    this.errors.push(fieldError.tooLong(this.#field(path), max));
  }
  tooMany(path: string, actual: number, max: number): void {
    this.errors.push(fieldError.tooMany(this.#field(path), actual, max));
  }
  /** Findings that upstream ties to no field. */
  composite(message: string): void {
    this.errors.push(fieldError.invalid(this.base === "" ? NO_FIELD : this.base, "", message));
  }

  #field(path: string): string {
    if (path === "") return this.base === "" ? NO_FIELD : this.base;
    return childPath(this.base, path);
  }
}
