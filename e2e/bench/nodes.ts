/** The part of a list of Nodes that the bench reads. */
export interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly taints?: readonly { readonly effect: string }[] };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Names of the nodes that are Ready. */
export function readyNodes({ items }: NodeList): readonly string[] {
  return items
    .filter(({ status }) => status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"))
    .map(({ metadata }) => metadata.name);
}
