import { type FieldError, fieldError, invalid } from "#pkg/errors/index.ts";
import { isTrue } from "../request-info.ts";
import type { RequestContext } from "../types.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Query parameters of writes. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** Query parameters of a server-side apply. */
export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  readonly force: boolean;
}

const MAX_MANAGER_LENGTH = 128;

/** @throws 422 for values that do not exist; `kind` is "CreateOptions", "UpdateOptions" or "PatchOptions" */
export function writeOptions(context: RequestContext, kind: string): WriteOptions {
  if (context.query.size === 0) return DEFAULTS;
  const { query } = context;
  const errors: FieldError[] = [];
  if (kind === "PatchOptions" && query.has("force"))
    errors.push(fieldError.forbidden("force", "may not be specified for non-apply patch"));
  const options = commonOptions(query, errors);
  if (errors.length > 0) throw invalid("meta.k8s.io", kind, "", errors);
  return options;
}

/** @throws 422 for values that do not exist, and without a field manager */
export function applyOptions({ query }: RequestContext): ApplyOptions {
  const errors: FieldError[] = [];
  const fieldManager = query.get("fieldManager") ?? "";
  if (fieldManager === "") errors.push(fieldError.required("fieldManager", "is required for apply patch"));
  const options = commonOptions(query, errors);
  if (errors.length > 0) throw invalid("meta.k8s.io", "PatchOptions", "", errors);
  return { ...options, fieldManager, force: isTrue(query.get("force")) };
}

function commonOptions(query: URLSearchParams, errors: FieldError[]): WriteOptions {
  errors.push(...checkManager(query.get("fieldManager") ?? ""));
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  const other = dryRun.find((value) => value !== "All");
  if (other !== undefined) errors.push(fieldError.notSupported("dryRun", other, ["All"]));
  const given = query.get("fieldValidation") ?? "";
  const validation = given === "" ? "Warn" : given;
  if (validation !== "Ignore" && validation !== "Warn" && validation !== "Strict")
    errors.push(fieldError.notSupported("fieldValidation", validation, ["Ignore", "Strict", "Warn"]));
  return { dryRun: dryRun.length > 0, fieldValidation: validation as FieldValidation };
}

const DEFAULTS: WriteOptions = { dryRun: false, fieldValidation: "Warn" };

/** What Go calls printable. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function checkManager(name: string): FieldError[] {
  if (name === "") return [];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(name) > MAX_MANAGER_LENGTH) errors.push(fieldError.tooLong("fieldManager", MAX_MANAGER_LENGTH));
  let at = 0;
  for (const letter of name.slice(0, 2 * MAX_MANAGER_LENGTH)) {
    if (!PRINTABLE.test(letter)) {
      const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push(fieldError.invalid("fieldManager", name, `invalid character U+${code} (at position ${at})`));
    }
    at += Buffer.byteLength(letter);
  }
  return errors;
}

/** Components that write through the process and say no name of their own, by their user. */
const COMPONENTS: Readonly<Record<string, string>> = {
  "system:apiserver": "kube-apiserver",
  "system:kube-controller-manager": "kube-controller-manager",
  "system:kube-proxy": "kube-proxy",
  "system:kube-scheduler": "kube-scheduler",
};

/** Who writes, as managedFields names it: the fieldManager parameter, or what the User-Agent begins with. */
export function managerName({ query, headers, user }: RequestContext): string {
  const given = query.size === 0 ? null : query.get("fieldManager");
  if (given !== null && given !== "") return given;
  const agent = headers["user-agent"];
  if (typeof agent === "string" && agent !== "") return fromUserAgent(agent);
  return COMPONENTS[user.name] ?? (user.name.startsWith("system:node:") ? "kubelet" : "unknown");
}

function fromUserAgent(agent: string): string {
  const slash = agent.indexOf("/");
  const prefix = slash < 0 ? agent : agent.slice(0, slash);
  if (prefix.length <= MAX_MANAGER_LENGTH && /^[\x20-\x7e]*$/.test(prefix)) return prefix;
  let name = "";
  let size = 0;
  for (const letter of prefix) {
    if (!PRINTABLE.test(letter)) continue;
    size += Buffer.byteLength(letter);
    if (size > MAX_MANAGER_LENGTH) break;
    name += letter;
  }
  return name;
}
