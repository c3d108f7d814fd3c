import type { RemoteGroups, RemoteGroupVersion } from "../discovery/index.ts";
import type { RemoteServices } from "./remote-services.ts";

/** What discovery shows of extension servers, and where each group version stands. */
export function remoteGroups(remotes: RemoteServices): RemoteGroups {
  return {
    get generation() {
      return remotes.generation;
    },
    list: () =>
      Array.from(
        remotes.all(),
        ({ group, version, resources, fresh }): RemoteGroupVersion => ({
          group,
          version,
          resources,
          freshness: fresh ? "Current" : "Stale",
        }),
      ),
    order: () => remotes.order(),
  };
}
