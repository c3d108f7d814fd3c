import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { humanDuration } from "../duration.ts";
import type { Errors } from "../field-checks.ts";
import { checkSignerName } from "../signer-name.ts";
import { keepMetadata, separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CertificateSigningRequest as Request } from "../types/certificates-v1.ts";

const USAGES = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];
const LEAST_SECONDS = 600;

function validate(request: Request): Errors {
  const errors: Errors = [];
  const { spec } = request;
  const pem = Buffer.from(spec.request ?? "", "base64").toString("latin1");
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----[\s\S]+-----END (NEW )?CERTIFICATE REQUEST-----/.test(pem)) {
    errors.push(fieldError.invalid("spec.request", spec.request ?? "", "PEM block type must be CERTIFICATE REQUEST"));
  }
  checkSigner(errors, "spec.signerName", spec.signerName ?? "");
  if ((spec.usages ?? []).length === 0) errors.push(fieldError.required("spec.usages", "usages is required"));
  const seen = new Set<string>();
  for (const [i, usage] of (spec.usages ?? []).entries()) {
    if (!USAGES.includes(usage)) errors.push(fieldError.notSupported(`spec.usages[${i}]`, usage, USAGES));
    if (seen.has(usage)) errors.push(fieldError.duplicate(`spec.usages[${i}]`, usage));
    seen.add(usage);
  }
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < LEAST_SECONDS) {
    const why = `may not specify a duration less than ${LEAST_SECONDS} seconds (10 minutes)`;
    errors.push(fieldError.invalid("spec.expirationSeconds", spec.expirationSeconds, why));
  }
  return errors;
}

function checkSigner(errors: Errors, path: string, name: string): void {
  if (name === "kubernetes.io/legacy-unknown") {
    errors.push(fieldError.invalid(path, name, "the legacy signerName is not allowed via this API version"));
  } else checkSignerName(errors, path, name);
}

const TERMINAL = ["Approved", "Denied", "Failed"];

/** Decisions are made once: by /approval, or, as failures, by who signs. `adds` are the types that may be new. */
export function validateConditions(
  request: Request,
  old: Request,
  { adds }: { readonly adds: readonly string[] },
): Errors {
  const errors: Errors = [];
  const path = "status.conditions";
  const now = request.status?.conditions ?? [];
  const types = new Set<string>();
  for (const [i, { type, status }] of now.entries()) {
    if (!type) errors.push(fieldError.required(`${path}[${i}].type`));
    const allowed = TERMINAL.includes(type) ? ["True"] : ["False", "True", "Unknown"];
    if (!status) errors.push(fieldError.required(`${path}[${i}].status`));
    else if (!allowed.includes(status)) errors.push(fieldError.notSupported(`${path}[${i}].status`, status, allowed));
    if (types.has(type)) errors.push(fieldError.duplicate(`${path}[${i}].type`, type));
    const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : "";
    if (types.has(other)) {
      const why = "Approved and Denied conditions are mutually exclusive";
      errors.push(fieldError.invalid(`${path}[${i}].type`, type, why));
    }
    types.add(type);
  }
  for (const type of TERMINAL) {
    const before = (old.status?.conditions ?? []).find((c) => c.type === type);
    const after = now.find((c) => c.type === type);
    const refuse = (what: string): void => {
      errors.push(fieldError.forbidden(path, `updates may not ${what} a condition of type "${type}"`));
    };
    if (before !== undefined && after === undefined) refuse("remove");
    else if (before === undefined && after !== undefined && !adds.includes(type)) refuse("add");
  }
  return errors;
}

const PEM = /-----BEGIN ([^-]+)-----\s([^-]*)-----END \1-----/g;

function validateCertificate(request: Request, old: Request): Errors {
  const path = "status.certificate";
  const certificate = request.status?.certificate ?? "";
  const before = old.status?.certificate ?? "";
  if (before !== "" && certificate !== before) {
    return [fieldError.forbidden(path, "updates may not modify existing certificate content")];
  }
  if (certificate === "" || certificate === before) return [];
  const refuse = (why: string): Errors => [fieldError.invalid(path, "<certificate data>", why)];
  const blocks = [...Buffer.from(certificate, "base64").toString("latin1").matchAll(PEM)];
  for (const [, type = "", body = ""] of blocks) {
    if (type !== "CERTIFICATE") {
      return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
    }
    if (body.includes(":")) return refuse("no PEM block headers are permitted");
  }
  return blocks.length === 0 ? refuse("must contain one or more CERTIFICATE PEM blocks") : [];
}

function conditionOf(request: Request): string {
  const order = ["Denied", "Approved", "Failed"];
  const words = order.filter((type) => request.status?.conditions?.some((c) => c.type === type) === true);
  if (words.length === 0) words.push("Pending");
  if (request.status?.certificate) words.push("Issued");
  return words.join(",");
}

export const certificateSigningRequestStrategy = strategyOf<Request>({
  ...separateStatus<Request>(() => ({})),
  defaults: (request) => {
    request.spec ??= {} as typeof request.spec;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    for (const condition of request.status?.conditions ?? []) {
      condition.status ||= "True";
      condition.lastUpdateTime ??= now;
      condition.lastTransitionTime ??= condition.lastUpdateTime;
    }
  },
  validate,
  prepareForUpdate: (request, old) => {
    // What is asked for and what became of it are not changed here; who tries is not told.
    request.spec = structuredClone(old.spec) as typeof request.spec;
    request.status = structuredClone(old.status ?? {}) as NonNullable<typeof request.status>;
  },
  prepareForStatusUpdate: keepMetadata,
  validateUpdate: validate,
  validateStatusUpdate: (request, old) => [
    ...validate(request),
    ...validateConditions(request, old, { adds: ["Failed"] }),
    ...validateCertificate(request, old),
  ],
  selectableFields: { "spec.signerName": (request) => request.spec?.signerName ?? "" },
  columns: [
    nameColumn,
    ageColumn,
    column("SignerName", "Who is asked to sign", (r: Request) => r.spec.signerName),
    column("Requestor", "Who asks", (r: Request) => r.spec.username),
    column("RequestedDuration", "For how long", (r: Request) =>
      r.spec.expirationSeconds === undefined ? "<none>" : humanDuration(r.spec.expirationSeconds * 1000),
    ),
    column("Condition", "What became of it", conditionOf),
  ],
});
