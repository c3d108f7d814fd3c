import { ApiError, notFound } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is written into a namespace that is not there, nothing new into one that ends; some namespaces never end. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = "NamespaceLifecycle";
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  admit(attributes: AdmissionAttributes): void {
    if (concerns(attributes, "namespaces", ["DELETE"]) && IMMORTAL.has(attributes.info.name)) {
      throw refusal(attributes, "this namespace may not be deleted");
    }
    const { info, operation } = attributes;
    const { namespace } = info;
    if (namespace === "" || info.resource === "namespaces" || info.resource === "localsubjectaccessreviews") return;
    if (operation !== "CREATE" && operation !== "UPDATE") return;
    const found = this.#reader.get("namespaces", "", namespace);
    if (found === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
    if (operation === "CREATE" && found.metadata.deletionTimestamp !== undefined) throw ending(attributes, namespace);
  }
}

/** Controllers look for the cause to stop retrying. */
function ending(attributes: AdmissionAttributes, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const err = refusal(attributes, why);
  return new ApiError(403, "Forbidden", err.message, {
    ...err.details,
    causes: [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  });
}
