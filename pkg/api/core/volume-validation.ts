import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume } from "../types/core-v1.ts";
import { checkClaimSpec } from "./claim-spec-validation.ts";
import { checkInnerPath } from "./container-validation.ts";
import { checkFieldRef, checkResourceFieldRef, VOLUME_FIELD_PATHS } from "./env-validation.ts";

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const MODE = "must be a number between 0 and 0777 (octal), both inclusive";
/** Fields that must be set, by source. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  awsElasticBlockStore: ["volumeID"],
  azureDisk: ["diskName", "diskURI"],
  azureFile: ["secretName", "shareName"],
  cephfs: ["monitors"],
  cinder: ["volumeID"],
  configMap: ["name"],
  csi: ["driver"],
  ephemeral: ["volumeClaimTemplate"],
  flexVolume: ["driver"],
  gcePersistentDisk: ["pdName"],
  gitRepo: ["repository"],
  glusterfs: ["endpoints", "path"],
  hostPath: ["path"],
  image: ["reference"],
  iscsi: ["targetPortal", "iqn"],
  local: ["path"],
  nfs: ["server", "path"],
  persistentVolumeClaim: ["claimName"],
  photonPersistentDisk: ["pdID"],
  portworxVolume: ["volumeID"],
  quobyte: ["registry", "volume"],
  rbd: ["monitors", "image"],
  scaleIO: ["gateway", "system", "volumeName"],
  secret: ["secretName"],
  storageos: ["volumeName"],
  vsphereVolume: ["volumePath"],
};

export function checkVolumes(errors: Errors, path: string, volumes: readonly Volume[] | undefined): void {
  const names = new Set<string>();
  for (const [i, volume] of (volumes ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!volume.name) errors.push(fieldError.required(`${at}.name`));
    else {
      addInvalid(errors, `${at}.name`, volume.name, checkDnsLabel(volume.name));
      if (names.has(volume.name)) errors.push(fieldError.duplicate(`${at}.name`, volume.name));
      names.add(volume.name);
    }
    checkSource(errors, at, volume);
  }
}

function checkSource(errors: Errors, path: string, volume: Volume): void {
  const sources = Object.keys(volume).filter((key) => key !== "name");
  if (sources.length === 0) errors.push(fieldError.required(path, "must specify a volume type"));
  for (const extra of sources.slice(1)) {
    errors.push(fieldError.forbidden(`${path}.${extra}`, "may not specify more than 1 volume type"));
  }
  const source = sources[0] as keyof Volume | undefined;
  if (source === undefined) return;
  checkSourceFields(errors, `${path}.${source}`, source, volume[source] as object);
  if (volume.csi !== undefined) checkDriverName(errors, `${path}.csi.driver`, volume.csi.driver);
  if (volume.emptyDir?.sizeLimit?.startsWith("-") === true) {
    const why = "SizeLimit field must be a valid resource quantity";
    errors.push(fieldError.forbidden(`${path}.emptyDir.sizeLimit`, why));
  }
  if (volume.secret !== undefined) {
    checkMode(errors, `${path}.secret.defaultMode`, volume.secret.defaultMode);
    checkItems(errors, `${path}.secret.items`, volume.secret.items);
  }
  if (volume.configMap !== undefined) {
    checkMode(errors, `${path}.configMap.defaultMode`, volume.configMap.defaultMode);
    checkItems(errors, `${path}.configMap.items`, volume.configMap.items);
  }
  if (volume.downwardAPI !== undefined) {
    checkMode(errors, `${path}.downwardAPI.defaultMode`, volume.downwardAPI.defaultMode);
    checkFiles(errors, `${path}.downwardAPI.items`, volume.downwardAPI.items);
  }
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (template !== undefined) checkClaimSpec(errors, `${path}.ephemeral.volumeClaimTemplate.spec`, template.spec ?? {});
  if (volume.projected !== undefined) checkProjected(errors, `${path}.projected`, volume.projected);
}

/** Rules that a source has in a pod and in a PersistentVolume. `path` is the source's own. */
export function checkSourceFields(errors: Errors, path: string, source: string, value: object): void {
  checkRequired(errors, path, source, value);
  if (source === "hostPath") checkHostPath(errors, path, value as { path: string; type?: string });
  const { path: directory } = value as { path?: string };
  if (source === "nfs" && directory && !directory.startsWith("/")) {
    errors.push(fieldError.invalid(`${path}.path`, directory, "must be an absolute path"));
  }
}

/** Upstream's ValidateCSIDriverName. */
export function checkDriverName(errors: Errors, path: string, name: string | undefined): void {
  if (!name) return;
  if (name.length > MAX_DRIVER_NAME) errors.push(fieldError.tooLong(path, MAX_DRIVER_NAME));
  addInvalid(errors, path, name, checkDnsSubdomain(name.toLowerCase()));
}
const MAX_DRIVER_NAME = 63;

function checkRequired(errors: Errors, path: string, source: string, value: object): void {
  for (const field of REQUIRED[source] ?? []) {
    const given = (value as Record<string, unknown>)[field];
    if (given === undefined || given === "") errors.push(fieldError.required(`${path}.${field}`));
  }
}

function checkHostPath(errors: Errors, path: string, hostPath: { path: string; type?: string }): void {
  if (hostPath.path?.split("/").includes("..")) {
    errors.push(fieldError.invalid(`${path}.path`, hostPath.path, "must not contain '..'"));
  }
  checkOptionalEnum(errors, `${path}.type`, hostPath.type, HOST_PATH_TYPES);
}

function checkMode(errors: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.push(fieldError.invalid(path, mode, MODE));
}

function checkItems(errors: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!item.key) errors.push(fieldError.required(`${at}.key`));
    checkFilePath(errors, `${at}.path`, item.path);
    checkMode(errors, `${at}.mode`, item.mode);
  }
}

function checkFilePath(errors: Errors, path: string, file: string | undefined): void {
  if (!file) errors.push(fieldError.required(path));
  else {
    checkInnerPath(errors, path, file);
    // Names that begin with two dots are the volume's own (its atomic writer's).
    if (file.startsWith("..") && !file.split("/").includes("..")) {
      errors.push(fieldError.invalid(path, file, "must not start with '..'"));
    }
  }
}

function checkFiles(errors: Errors, path: string, items: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = `${path}[${i}]`;
    checkFilePath(errors, `${at}.path`, item.path);
    checkMode(errors, `${at}.mode`, item.mode);
    if (item.fieldRef !== undefined) {
      checkFieldRef(errors, `${at}.fieldRef`, item.fieldRef, VOLUME_FIELD_PATHS);
      if (item.resourceFieldRef !== undefined) {
        errors.push(
          fieldError.invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"),
        );
      }
    } else if (item.resourceFieldRef !== undefined) {
      checkResourceFieldRef(errors, `${at}.resourceFieldRef`, item.resourceFieldRef, true);
    } else errors.push(fieldError.required(at, "one of fieldRef and resourceFieldRef is required"));
  }
}

function checkProjected(errors: Errors, path: string, projected: ProjectedVolumeSource): void {
  checkMode(errors, `${path}.defaultMode`, projected.defaultMode);
  const paths = new Set<string>();
  const take = (at: string, file: string | undefined): void => {
    if (!file) return;
    if (paths.has(file)) errors.push(fieldError.invalid(at, file, "conflicting duplicate paths"));
    paths.add(file);
  };
  for (const [i, source] of (projected.sources ?? []).entries()) {
    const at = `${path}.sources[${i}]`;
    const kinds = Object.keys(source);
    if (kinds.length === 0) errors.push(fieldError.required(at, "must specify a volume type"));
    for (const extra of kinds.slice(1)) {
      errors.push(fieldError.forbidden(`${at}.${extra}`, "may not specify more than 1 volume type"));
    }
    for (const field of ["secret", "configMap"] as const) {
      const ref = source[field];
      if (ref === undefined) continue;
      if (!ref.name) errors.push(fieldError.required(`${at}.${field}.name`));
      checkItems(errors, `${at}.${field}.items`, ref.items);
      for (const item of ref.items ?? []) take(path, item.path);
    }
    checkFiles(errors, `${at}.downwardAPI.items`, source.downwardAPI?.items);
    for (const item of source.downwardAPI?.items ?? []) take(path, item.path);
    const token = source.serviceAccountToken;
    if (token !== undefined) {
      if ((token.expirationSeconds ?? 3600) < 600) {
        const why = "may not specify a duration less than 10 minutes";
        errors.push(fieldError.invalid(`${at}.serviceAccountToken.expirationSeconds`, token.expirationSeconds, why));
      } else if ((token.expirationSeconds ?? 0) > 2 ** 32) {
        const why = "may not specify a duration larger than 2^32 seconds";
        errors.push(fieldError.invalid(`${at}.serviceAccountToken.expirationSeconds`, token.expirationSeconds, why));
      }
      checkFilePath(errors, `${at}.serviceAccountToken.path`, token.path);
      take(path, token.path);
    }
  }
}
