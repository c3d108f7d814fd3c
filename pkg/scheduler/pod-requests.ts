import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import { type Amounts, addAmounts, noAmounts, type QuantityReader, raiseAmounts, setAmount } from "./amounts.ts";

/** What a container without requests counts as when nodes are compared (upstream's GetNonzeroRequests). */
const DEFAULT_MILLI_CPU = 100;
const DEFAULT_MEMORY_BYTES = 200 << 20;

/**
 * What a pod asks of its node (KEP-753, KEP-1287): containers run together with sidecars; init containers run one
 * after the other beside the sidecars started before them; the larger of both counts, plus overhead. Requests set for
 * the whole pod replace the sum (KEP-2837). With `defaults`, containers that ask for nothing count as small ones.
 */
export function podRequests(pod: Pod, quantities: QuantityReader, defaults: boolean): Amounts {
  const { spec } = pod;
  const of = (container: Container): Amounts => {
    const requests = quantities.read(container.resources?.requests);
    const allocated = allocatedTo(container.name, pod);
    if (allocated !== undefined) raiseAmounts(requests, quantities.read(allocated));
    if (defaults) {
      if (container.resources?.requests?.["cpu"] === undefined) requests.milliCpu = DEFAULT_MILLI_CPU;
      if (container.resources?.requests?.["memory"] === undefined) requests.memoryBytes = DEFAULT_MEMORY_BYTES;
    }
    return requests;
  };
  const total = noAmounts();
  for (const container of spec.containers) addAmounts(total, of(container));
  if (spec.initContainers !== undefined) {
    const sidecars = noAmounts();
    const most = noAmounts();
    for (const container of spec.initContainers) {
      const own = of(container);
      if (container.restartPolicy === "Always") {
        addAmounts(sidecars, own);
        raiseAmounts(most, sidecars);
      } else {
        addAmounts(own, sidecars);
        raiseAmounts(most, own);
      }
    }
    addAmounts(total, sidecars);
    raiseAmounts(total, most);
  }
  const whole = spec.resources?.requests;
  for (const name in whole) setAmount(total, name, quantities.amountOf(name, whole[name] as string));
  if (spec.overhead !== undefined) addAmounts(total, quantities.read(spec.overhead));
  return total;
}

/** While a resize is under way the kubelet may still hold more than the spec asks for. */
function allocatedTo(container: string, pod: Pod): Readonly<Record<string, string>> | undefined {
  return pod.status?.containerStatuses?.find((status) => status.name === container)?.allocatedResources;
}
