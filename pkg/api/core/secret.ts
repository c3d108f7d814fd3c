import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkImmutable, type Errors } from "../field-checks.ts";
import { checkConfigKey } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Secret } from "../types/core-v1.ts";
import { decodedLength, IMMUTABLE_DATA, MAX_DATA_BYTES } from "./config-map.ts";

const ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";
/** Keys that must be there, by type. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};

/** stringData is for writing only: it becomes data. */
function defaultSecret(secret: Mutable<Secret>): void {
  secret.type ||= "Opaque";
  if (secret.stringData === undefined) return;
  const data: Record<string, string> = (secret.data ??= {});
  for (const [key, text] of Object.entries(secret.stringData)) data[key] = Buffer.from(text).toString("base64");
  delete secret.stringData;
}

function validate(secret: Secret): Errors {
  const errors: Errors = [];
  const data = secret.data ?? {};
  let size = 0;
  for (const key in data) {
    addInvalid(errors, `data[${key}]`, key, checkConfigKey(key));
    size += decodedLength(data[key] as string);
  }
  if (size > MAX_DATA_BYTES) errors.push(fieldError.tooLong("data", MAX_DATA_BYTES));
  for (const key of REQUIRED_KEYS[secret.type ?? ""] ?? []) {
    const path = `data[${key}]`;
    const isMissing = key === "ssh-privatekey" ? !data[key] : data[key] === undefined;
    if (isMissing) errors.push(fieldError.required(path));
    else if (key.startsWith(".docker") && !isJson(data[key] as string)) {
      errors.push(fieldError.invalid(path, "<secret contents redacted>", "invalid character in JSON"));
    }
  }
  if (secret.type === "kubernetes.io/basic-auth" && data.username === undefined && data.password === undefined) {
    errors.push(fieldError.required("data[username]"), fieldError.required("data[password]"));
  }
  if (secret.type === "kubernetes.io/service-account-token" && !secret.metadata.annotations?.[ACCOUNT_ANNOTATION]) {
    errors.push(fieldError.required(`metadata.annotations[${ACCOUNT_ANNOTATION}]`));
  }
  return errors;
}

function isJson(base64: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, "base64").toString());
    // Go reads it into a map, which null is too.
    return typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}

function validateUpdate(secret: Secret, old: Secret): Errors {
  const errors: Errors = [];
  checkImmutable(errors, "type", secret.type, old.type);
  if (old.immutable === true) {
    if (secret.immutable !== true) errors.push(fieldError.forbidden("immutable", IMMUTABLE_DATA));
    if (!semanticEqual(secret.data, old.data)) errors.push(fieldError.forbidden("data", IMMUTABLE_DATA));
  }
  return [...errors, ...validate(secret)];
}

export const secretStrategy = strategyOf<Secret>({
  defaults: defaultSecret,
  validate,
  validateUpdate,
  selectableFields: { type: (secret) => secret.type ?? "" },
  columns: [
    nameColumn,
    column("Type", "What kind of secret it is", (s: Secret) => s.type),
    column("Data", "Number of entries", (s: Secret) => Object.keys(s.data ?? {}).length),
    ageColumn,
  ],
});
