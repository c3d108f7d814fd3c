import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { namespaces } from "#pkg/api/types/core-v1.ts";
import { clusterrolebindings, clusterroles, rolebindings, roles } from "#pkg/api/types/rbac-v1.ts";
import { priorityclasses } from "#pkg/api/types/scheduling-v1.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import type { Client } from "#pkg/client/types.ts";
import { isAlreadyExists, isConflict } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { ensureFlowObjects } from "../flowcontrol/index.ts";
import { type AuthenticationAuthorities, reconcileAuthenticationConfig } from "./authentication-config.ts";
import { DEFAULT_NAMESPACES, SYSTEM_PRIORITY_CLASSES } from "./default-objects.ts";
import { ensureDefaultServiceCidr } from "./default-service-cidr.ts";
import { type AdvertisedAddress, reconcileKubernetesService } from "./kubernetes-service.ts";
import { defaultRbac } from "./rbac.ts";
import { completeBinding, completeRole } from "./reconcile-rbac.ts";

export interface BootstrapOptions {
  /** In-process, as the API server itself (system:masters). */
  readonly client: Pick<Client, "get" | "list" | "create" | "update" | "delete">;
  readonly log: Logger;
  /** Cluster IP of default/kubernetes: `ServiceAllocator.firstAddress`. */
  readonly clusterIp: string;
  /** Range of the ServiceCIDR "kubernetes"; none is made where absent. */
  readonly serviceCidr?: string;
  /** Run once when the server is ready: `ServiceAllocator.repair`. */
  readonly repair?: () => Promise<void>;
  /** Where pods reach this server; asked again before every check, since addresses may change while running. */
  readonly advertised: () => AdvertisedAddress;
  /** What is published for extension servers; nothing without it. */
  readonly authorities?: () => AuthenticationAuthorities;
  /** 10 s, as upstream, unless told. */
  readonly intervalMs?: number;
}

/** The objects a cluster starts with. What an administrator deleted of them comes back. */
export class Bootstrap {
  readonly #options: BootstrapOptions;

  constructor(options: BootstrapOptions) {
    this.#options = options;
  }

  /** Creates all that is missing, and completes default roles and bindings. The server is ready for others after this. */
  async ensure(): Promise<void> {
    await this.#ensureEssentials();
    const rbac = defaultRbac();
    await Promise.all([
      this.#createMissing(clusterroles, rbac.clusterRoles, completeRole),
      this.#createMissing(clusterrolebindings, rbac.clusterRoleBindings, completeBinding),
      this.#createMissing(roles, rbac.roles, completeRole),
      this.#createMissing(rolebindings, rbac.roleBindings, completeBinding),
    ]);
  }

  /** Checks the essentials now and again until the signal aborts; failures are logged and tried again. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.repair?.();
    } catch (err) {
      this.#options.log.error("cannot repair the records of addresses", { err });
    }
    for (;;) {
      try {
        await sleep(this.#options.intervalMs ?? 10_000, signal);
      } catch (err) {
        if (isAbort(err)) return;
        throw err;
      }
      try {
        await this.#ensureEssentials();
      } catch (err) {
        if (!signal.aborted) this.#options.log.error("cannot restore the cluster's first objects", { err });
      }
    }
  }

  /** What a cluster cannot do without at any moment; roles are an administrator's to change until the next start. */
  async #ensureEssentials(): Promise<void> {
    const { client, clusterIp, serviceCidr, advertised, authorities, log } = this.#options;
    await this.#createMissing(namespaces, DEFAULT_NAMESPACES);
    await Promise.all([
      serviceCidr === undefined ? undefined : ensureDefaultServiceCidr(client, serviceCidr, log),
      this.#createMissing(priorityclasses, SYSTEM_PRIORITY_CLASSES),
      reconcileKubernetesService(client, clusterIp, advertised()),
      authorities === undefined ? undefined : reconcileAuthenticationConfig(client, authorities()),
      ensureFlowObjects(client),
    ]);
  }

  /** One list, then a create for each that is not in it, and an update for each that `complete` finds wanting. */
  async #createMissing<T extends KubeObject>(
    resource: ResourceRef<T>,
    wanted: readonly NewObject<T & KubeObject>[],
    complete?: (object: T, wanted: NewObject<T>) => T | undefined,
  ): Promise<void> {
    const { client } = this.#options;
    const key = (o: { metadata: { namespace?: string; name?: string } }): string =>
      `${o.metadata.namespace ?? ""}/${o.metadata.name ?? ""}`;
    const { items } = await client.list(resource);
    const there = new Map(items.map((object) => [key(object), object]));
    await Promise.all(
      wanted.map(async (object) => {
        const found = there.get(key(object as KubeObject));
        try {
          if (found === undefined) await client.create(resource, object as NewObject<T>);
          else {
            const completed = complete?.(found, object as NewObject<T>);
            if (completed !== undefined) await client.update(resource, completed);
          }
        } catch (err) {
          // Another server of the cluster was faster.
          if (!isAlreadyExists(err) && !isConflict(err)) throw err;
        }
      }),
    );
  }
}
