/** A group version that another API server answers (an APIService with a service). */
export interface RemoteGroupVersion {
  readonly group: string;
  readonly version: string;
  /** Entries of apidiscovery.k8s.io/v2's `resources`, as last seen. */
  readonly resources: readonly object[];
  /** "Stale" while the other server does not answer. */
  readonly freshness: "Current" | "Stale";
}

/** What is shown beside this server's own definitions. */
export interface RemoteGroups {
  /** Grows with every change of the others. */
  readonly generation: number;
  list(): readonly RemoteGroupVersion[];
  /** "group/version" as they are to stand; those that are not named come last. */
  order(): readonly string[];
}
