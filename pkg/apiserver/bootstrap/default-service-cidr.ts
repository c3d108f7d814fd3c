import { type ServiceCIDR, servicecidrs } from "#pkg/api/types/networking-v1.ts";
import type { Condition } from "#pkg/api/types/meta-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";

const NAME = "kubernetes";
const FINALIZER = "networking.k8s.io/service-cidr-finalizer";

/** Makes the ServiceCIDR of --service-cidr and says that it is ready. One of other ranges is left as it is. */
export async function ensureDefaultServiceCidr(
  client: Pick<Client, "get" | "create" | "update">,
  cidr: string,
  log: Logger,
): Promise<void> {
  const found = await existingOrNew(client, cidr);
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return;
  if (found.spec?.cidrs?.join() !== cidr) {
    log.warn("the default ServiceCIDR differs from --service-cidr", { cidrs: found.spec?.cidrs, cidr });
    return;
  }
  if (found.status?.conditions?.some(({ type }) => type === "Ready") === true) return;
  const conditions = [...(found.status?.conditions ?? []), readyNow()];
  await client.update(servicecidrs, { ...found, status: { ...found.status, conditions } }, { subresource: "status" });
}

const readyNow = (): Condition => ({
  type: "Ready",
  status: "True",
  message: "Kubernetes default Service CIDR is ready",
  reason: "",
  lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
});

async function existingOrNew(client: Pick<Client, "get" | "create">, cidr: string): Promise<ServiceCIDR | undefined> {
  try {
    return await client.get(servicecidrs, { name: NAME });
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
  try {
    return await client.create(servicecidrs, {
      metadata: { name: NAME, finalizers: [FINALIZER] },
      spec: { cidrs: [cidr] },
      status: { conditions: [readyNow()] },
    });
  } catch (err) {
    if (isAlreadyExists(err)) return undefined;
    throw err;
  }
}
