import { compareQuantities } from "#pkg/api/index.ts";
import type { PersistentVolumeClaim } from "#pkg/api/types/core-v1.ts";
import type { StorageClass } from "#pkg/api/types/storage-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

/** Claims grow only where they are bound and their class can make volumes larger. */
export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = "PersistentVolumeClaimResize";
  readonly resources = ["persistentvolumeclaims"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "persistentvolumeclaims", ["UPDATE"])) return;
    const claim = attributes.object as PersistentVolumeClaim;
    const old = attributes.old as PersistentVolumeClaim;
    if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
    if (old.status?.phase !== "Bound") throw refusal(attributes, "Only bound persistent volume claims can be expanded");
    if (this.#canGrow(claim, old)) return;
    const why =
      "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    throw refusal(attributes, why);
  }

  #canGrow(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
    const name = classOf(claim);
    if (name === "" || classOf(old) !== name) return false;
    const found = this.#reader.get("storage.k8s.io/storageclasses", "", name) as StorageClass | undefined;
    return found?.allowVolumeExpansion === true;
  }
}

const sizeOf = ({ spec }: PersistentVolumeClaim): string => spec?.resources?.requests?.["storage"] ?? "0";
const classOf = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? "";
