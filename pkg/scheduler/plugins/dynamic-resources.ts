import type { FilterPlugin } from "../types.ts";

/** Claims for devices (DRA) are not allocated here: such pods wait and say so, instead of running without their devices. */
export const dynamicResources: FilterPlugin = {
  name: "DynamicResources",
  retryOn: [],
  prepareFilter: ({ pod }) => {
    if ((pod.spec.resourceClaims ?? []).length === 0) return undefined;
    return { rejected: "pod has resource claims, which this scheduler does not allocate", unresolvable: true };
  },
};
