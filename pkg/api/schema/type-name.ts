const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** Kinds of meta/v1 that come under any group and version. */
const META_KINDS = new Set(["DeleteOptions", "Status"]);

/** The definition name of a built-in kind, "io.k8s.api.policy.v1.Eviction". */
export function typeName(group: string, version: string, kind: string): string {
  if (META_KINDS.has(kind)) return META + kind;
  const folder = group === "" ? "core" : (group.split(".")[0] as string);
  if (folder === "apiextensions") return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`;
  if (folder === "apiregistration") return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${kind}`;
  return `io.k8s.api.${folder}.${version}.${kind}`;
}
