import type { Mutable, KubeObject } from "#pkg/api/resource-ref.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { concerns } from "./attributes.ts";

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
};

/** Claims and volumes in use outlive their deletion; a controller takes the finalizer off. */
export class StorageObjectInUseProtection implements AdmissionPlugin {
  readonly name = "StorageObjectInUseProtection";
  readonly resources = Object.keys(FINALIZERS);

  async admit(attributes: AdmissionAttributes): Promise<void> {
    for (const [resource, finalizer] of Object.entries(FINALIZERS)) {
      if (!concerns(attributes, resource, ["CREATE"])) continue;
      const { metadata } = attributes.object as Mutable<KubeObject>;
      if (metadata.finalizers?.includes(finalizer) !== true) (metadata.finalizers ??= []).push(finalizer);
    }
  }
}
