import type { KubeObject, Mutable } from "#pkg/api/resource-ref.ts";
import type { PersistentVolumeClaim } from "#pkg/api/types/core-v1.ts";
import type { Ingress } from "#pkg/api/types/networking-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns } from "./attributes.ts";

/** The newest class that is marked as the default; of equally old ones the first by name. */
function newestDefault(classes: readonly KubeObject[], annotations: readonly string[]): KubeObject | undefined {
  const marked = classes.filter((c) => annotations.some((a) => c.metadata.annotations?.[a] === "true"));
  const age = (c: KubeObject): string => c.metadata.creationTimestamp ?? "";
  return marked.toSorted((a, b) =>
    age(a) === age(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : age(a) > age(b) ? -1 : 1,
  )[0];
}

/** Claims that name no class get the default one; "" asks for none. */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = "DefaultStorageClass";
  readonly resources = ["persistentvolumeclaims"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "persistentvolumeclaims", ["CREATE"])) return;
    const claim = attributes.object as Mutable<PersistentVolumeClaim>;
    if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return;
    if (claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] !== undefined) return;
    const found = newestDefault(this.#reader.list("storage.k8s.io/storageclasses"), [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ]);
    if (found !== undefined) claim.spec.storageClassName = found.metadata.name;
  }
}

/** Ingresses that name no class get the default one. */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = "DefaultIngressClass";
  readonly resources = ["networking.k8s.io/ingresses"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "networking.k8s.io/ingresses", ["CREATE"])) return;
    const ingress = attributes.object as Mutable<Ingress>;
    const spec = (ingress.spec ??= {});
    if (spec.ingressClassName !== undefined) return;
    if (ingress.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return;
    const classes = this.#reader.list("networking.k8s.io/ingressclasses");
    const found = newestDefault(classes, ["ingressclass.kubernetes.io/is-default-class"]);
    if (found !== undefined) spec.ingressClassName = found.metadata.name;
  }
}
