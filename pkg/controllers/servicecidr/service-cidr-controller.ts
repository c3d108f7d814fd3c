import { type Cidr, addressNumber, parseCidr } from "#pkg/api/address.ts";
import { ipaddresses, type ServiceCIDR, servicecidrs } from "#pkg/api/types/networking-v1.ts";
import type { Condition } from "#pkg/api/types/meta-v1.ts";
import { keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";

const FINALIZER = "networking.k8s.io/service-cidr-finalizer";
const MANAGED = "ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io";
/** An address may have been taken right before the deletion; its record comes within this time. */
const GRACE_MS = 1_000;
/** How often the addresses of a range that is being deleted are looked at. */
const LOOK_AGAIN_MS = 2_000;

/**
 * The life of a ServiceCIDR (KEP-1880):
 *
 *   created ─▶ finalizer, Ready=True ─▶ deleted while in use: Ready=False (Terminating) ─▶ unused: finalizer taken off
 */
export class ServiceCidrController extends QueueController {
  readonly #parts: ControllerParts;

  constructor(parts: ControllerParts) {
    const ranges = parts.informers.informer(servicecidrs);
    super({
      name: "service-cidr",
      informers: [ranges],
      log: parts.log,
      workers: 1,
      sync: async (key) => {
        const range = ranges.lister.getByKey(key);
        if (range === undefined) return undefined;
        try {
          if (range.metadata.deletionTimestamp === undefined) return await this.#open(range);
          return await this.#end(range, ranges.lister.list());
        } catch (err) {
          if (isNotFound(err)) return undefined;
          throw err;
        }
      },
    });
    this.#parts = parts;
    // Whether one may go depends on the others; there are few.
    const enqueueAll = (): void => {
      for (const range of ranges.lister.list()) this.queue.add(keyOf(range));
    };
    ranges.addHandler({ add: enqueueAll, update: enqueueAll, delete: enqueueAll });
  }

  async #open(range: ServiceCIDR): Promise<undefined> {
    const { finalizers = [] } = range.metadata;
    if (!finalizers.includes(FINALIZER)) {
      const metadata = { ...range.metadata, finalizers: [...finalizers, FINALIZER] };
      // The write comes back as an event, which does the rest.
      await this.#parts.client.update(servicecidrs, { ...range, metadata });
    } else if (readyOf(range) === undefined) {
      await this.#setReady(range, "True", "", "Kubernetes Service CIDR is ready");
    }
  }

  async #end(range: ServiceCIDR, all: readonly ServiceCIDR[]): Promise<{ requeueAfterMs: number } | undefined> {
    const { finalizers = [], deletionTimestamp = "" } = range.metadata;
    if (!finalizers.includes(FINALIZER)) return undefined;
    if (await this.#isInUse(range, all)) {
      const message =
        "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
      const ready = readyOf(range);
      if (ready?.status !== "False" || ready.reason !== "Terminating")
        await this.#setReady(range, "False", "Terminating", message);
      return { requeueAfterMs: LOOK_AGAIN_MS };
    }
    const left = Date.parse(deletionTimestamp) + GRACE_MS - this.#parts.now();
    if (left > 0) return { requeueAfterMs: left };
    const metadata = { ...range.metadata, finalizers: finalizers.filter((each) => each !== FINALIZER) };
    await this.#parts.client.update(servicecidrs, { ...range, metadata });
    return undefined;
  }

  /** Whether an address of it lies in no other range that stays. */
  async #isInUse(range: ServiceCIDR, all: readonly ServiceCIDR[]): Promise<boolean> {
    const own = cidrsOf(range);
    const others = all
      .filter((each) => each.metadata.name !== range.metadata.name && each.metadata.deletionTimestamp === undefined)
      .filter((each) => readyOf(each)?.status !== "False")
      .flatMap(cidrsOf);
    // Ranges inside others' need no look at addresses.
    const open = own.filter((cidr) => !others.some((other) => includes(other, cidr.family, cidr.base, cidr.prefix)));
    if (open.length === 0) return false;
    const { items } = await this.#parts.client.list(ipaddresses, { labelSelector: MANAGED, metadataOnly: true });
    return items.some(({ metadata: { name } }) => {
      const number = addressNumber(name);
      if (number === undefined) return false;
      const family = name.includes(":") ? "IPv6" : "IPv4";
      const holds = (cidr: Cidr): boolean => includes(cidr, family, number, cidr.prefix);
      return open.some(holds) && !others.some(holds);
    });
  }

  async #setReady(range: ServiceCIDR, status: "True" | "False", reason: string, message: string): Promise<void> {
    const lastTransitionTime = `${new Date(this.#parts.now()).toISOString().slice(0, 19)}Z`;
    const others = (range.status?.conditions ?? []).filter(({ type }) => type !== "Ready");
    const conditions = [...others, { type: "Ready", status, reason, message, lastTransitionTime }];
    await this.#parts.client.updateStatus(servicecidrs, { ...range, status: { ...range.status, conditions } });
  }
}

const readyOf = (range: ServiceCIDR): Condition | undefined =>
  range.status?.conditions?.find(({ type }) => type === "Ready");
const cidrsOf = (range: ServiceCIDR): Cidr[] => (range.spec?.cidrs ?? []).map(parseCidr);
const includes = (cidr: Cidr, family: Cidr["family"], number: bigint, prefix: number): boolean =>
  cidr.family === family &&
  cidr.prefix <= prefix &&
  number >> BigInt(cidr.hostBits) === cidr.base >> BigInt(cidr.hostBits);
