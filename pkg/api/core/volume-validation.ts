import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import type { Volume } from "../types/core-v1.ts";
import { checkClaimSpec } from "./claim-spec-validation.ts";
import { checkProjected } from "./projected-volume-validation.ts";
import { checkFiles, checkItems, checkMode } from "./volume-files-validation.ts";

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
    checkFiles(errors, `${path}.downwardAPI`, volume.downwardAPI.items);
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
