const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "rbac.authorization.k8s.io" is "RbacAuthorization": the suffix that all of Kubernetes' own groups have is left out. */
function groupWord(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(/[.-]/)
    .map(capital)
    .join("");
}

export interface OperationName {
  /** read, list, create, replace, patch, delete, connect. */
  readonly word: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verb: string;
  /** HTTP method, named in connect operations. */
  readonly method?: string;
  /** "status", or "proxy-WithPath". */
  readonly subresource?: string;
  readonly allNamespaces?: boolean;
}

/** "readCoreV1NamespacedPodStatus": generated clients name their methods after it. */
export function operationId(name: OperationName): string {
  const what = [
    name.verb === "deletecollection" ? "Collection" : "",
    name.method === undefined ? "" : capital(name.method),
    name.namespaced ? "Namespaced" : "",
    name.kind,
    ...(name.subresource ?? "").split("-").map(capital),
    name.allNamespaces === true ? "ForAllNamespaces" : "",
  ];
  return `${name.word}${groupWord(name.group)}${capital(name.version)}${what.join("")}`;
}

/** "rbacAuthorization_v1" */
export function operationTag(group: string, version: string): string {
  const word = groupWord(group);
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}_${version}`;
}
