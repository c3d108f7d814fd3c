import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkLabelSelector, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import { checkSignerName } from "../signer-name.ts";
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  PodSpec,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
} from "../types/core-v1.ts";
import { checkFilePath, checkFiles, checkItems, checkMode } from "./volume-files-validation.ts";

const KEY_TYPES = ["ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"];
const LEAST_TOKEN_SECONDS = 600;
const LEAST_CERTIFICATE_SECONDS = 3_600;
const MOST_CERTIFICATE_SECONDS = 91 * 24 * 3_600;

/** Upstream's validateProjectedVolumeSource. `path` is the volume's own. */
export function checkProjected(errors: Errors, path: string, projected: ProjectedVolumeSource): void {
  checkMode(errors, `${path}.defaultMode`, projected.defaultMode);
  const paths = new Set<string>();
  /** No two sources fill one file; `shown` is what upstream calls the culprit by. */
  const take = (file: string | undefined, shown = file): void => {
    if (!file) return;
    if (paths.has(file)) errors.push(fieldError.invalid(path, shown, "conflicting duplicate paths"));
    paths.add(file);
  };
  for (const [i, source] of (projected.sources ?? []).entries()) {
    const at = `${path}.sources[${i}]`;
    for (const field of ["secret", "configMap"] as const) {
      const ref = source[field];
      if (ref === undefined) continue;
      if (!ref.name) errors.push(fieldError.required(`${at}.${field}.name`));
      checkItems(errors, `${at}.${field}.items`, ref.items);
      for (const item of ref.items ?? []) take(item.path, ref.name ?? "");
    }
    checkFiles(errors, `${at}.downwardAPI`, source.downwardAPI?.items);
    for (const item of source.downwardAPI?.items ?? []) take(item.path);
    const { serviceAccountToken: token, clusterTrustBundle: bundle, podCertificate: certificate } = source;
    if (token !== undefined) checkToken(errors, path, `${at}.serviceAccountToken`, token);
    if (bundle !== undefined) {
      checkTrustBundle(errors, `${at}.clusterTrustBundle`, bundle);
      take(bundle.path);
    }
    if (certificate !== undefined) {
      checkCertificate(errors, `${at}.podCertificate`, certificate);
      for (const field of CERTIFICATE_PATHS) take(certificate[field]);
    }
    if (Object.keys(source).length > 1)
      errors.push(fieldError.forbidden(at, "may not specify more than 1 volume type per source"));
  }
}

/** Pods have an account by then; templates may leave it to those. */
export function checkTokenHasAccount(errors: Errors, path: string, spec: PodSpec): void {
  if (spec.serviceAccountName) return;
  for (const [i, { projected }] of (spec.volumes ?? []).entries()) {
    for (const [j, source] of (projected?.sources ?? []).entries()) {
      if (source.serviceAccountToken === undefined) continue;
      const at = `${path}.volumes[${i}].projected.sources[${j}].serviceAccountToken`;
      errors.push(fieldError.forbidden(at, "must not be specified when serviceAccountName is not set"));
    }
  }
}

/** Upstream says of the token's path that it is the volume's. */
function checkToken(errors: Errors, volume: string, at: string, token: ServiceAccountTokenProjection): void {
  const seconds = token.expirationSeconds ?? LEAST_TOKEN_SECONDS;
  const refuse = (why: string): void => {
    errors.push(fieldError.invalid(`${at}.expirationSeconds`, seconds, why));
  };
  if (seconds < LEAST_TOKEN_SECONDS) refuse("may not specify a duration less than 10 minutes");
  if (seconds > 2 ** 32) refuse("may not specify a duration larger than 2^32 seconds");
  checkFilePath(errors, `${volume}.path`, token.path);
}

function checkTrustBundle(errors: Errors, at: string, bundle: ClusterTrustBundleProjection): void {
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined) {
    errors.push(fieldError.invalid(at, bundle, "only one of name and signerName may be used"));
  } else if (name !== undefined) {
    if (name === "") errors.push(fieldError.required(`${at}.name`, "must be a valid object name"));
    // Bundles of a signer have its name before their own: "example.com:signer:name".
    const problems = checkDnsSubdomain(name.slice(name.lastIndexOf(":") + 1));
    const messages = problems.map((why) => `not a valid clustertrustbundlename: ${why}`);
    addInvalid(errors, `${at}.name`, name, messages);
    if (labelSelector !== undefined) {
      const why = "labelSelector must be unset if name is specified";
      errors.push(fieldError.invalid(`${at}.labelSelector`, labelSelector, why));
    }
  } else if (signerName !== undefined) {
    if (signerName === "") errors.push(fieldError.required(`${at}.signerName`, "must be a valid signer name"));
    checkSignerName(errors, `${at}.signerName`, signerName);
    checkLabelSelector(errors, `${at}.labelSelector`, labelSelector);
  } else errors.push(fieldError.required(at, "either name or signerName must be specified"));
  checkFilePath(errors, `${at}.path`, bundle.path);
}

const CERTIFICATE_PATHS = ["credentialBundlePath", "keyPath", "certificateChainPath"] as const;

function checkCertificate(errors: Errors, at: string, certificate: PodCertificateProjection): void {
  const { maxExpirationSeconds: seconds } = certificate;
  const keyType = certificate.keyType ?? "";
  if (!KEY_TYPES.includes(keyType)) errors.push(fieldError.notSupported(`${at}.keyType`, keyType, KEY_TYPES));
  checkSignerName(errors, `${at}.signerName`, certificate.signerName ?? "");
  if (seconds !== undefined && seconds < LEAST_CERTIFICATE_SECONDS) {
    const why = `if provided, maxExpirationSeconds must be >= ${LEAST_CERTIFICATE_SECONDS}`;
    errors.push(fieldError.invalid(`${at}.maxExpirationSeconds`, seconds, why));
  }
  if (seconds !== undefined && seconds > MOST_CERTIFICATE_SECONDS) {
    const why = `if provided, maxExpirationSeconds must be <= ${MOST_CERTIFICATE_SECONDS}`;
    errors.push(fieldError.invalid(`${at}.maxExpirationSeconds`, seconds, why));
  }
  const given = CERTIFICATE_PATHS.filter((field) => certificate[field]);
  for (const field of given) checkFilePath(errors, `${at}.${field}`, certificate[field]);
  if (given.length === 0) {
    const why = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
    errors.push(fieldError.required(at, why));
  }
}
