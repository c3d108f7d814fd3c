import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Node } from "#pkg/api/types/core-v1.ts";
import { nodes } from "#pkg/api/types/core-v1.ts";
import type { InformerFactory } from "#pkg/client/index.ts";
import type { Iptables } from "#pkg/iptables/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { ensureBridge, removeBridge, uplinkMtu } from "./bridge.ts";
import { BRIDGE, CNI_CONFIG_FILE, cniConfig } from "./cni-config.ts";
import { FORWARD_CHAIN, FORWARD_JUMP, MASQUERADE_CHAIN, MASQUERADE_JUMP, masqueradeRules } from "./masquerade.ts";

export interface NetworkOptions {
  readonly informers: InformerFactory;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  /** Where the runtime looks for CNI configurations. */
  readonly cniConfDir: string;
  /** Where host-local keeps the addresses it gave. */
  readonly cniStateDir: string;
  readonly iptables: Iptables;
  readonly log: Logger;
}

/** Puts this node's pod CIDR into effect: bridge, route of the service CIDR, masquerading, CNI configuration. */
export class Network {
  readonly #options: NetworkOptions;
  #applied: string | undefined;
  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Applies the pod CIDR as soon as the Node has one, and again when it changes; runs until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { informers, nodeName, log } = this.#options;
    const informer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
    let queue = Promise.resolve();
    const sync = (node: Node): void => {
      const podCidr = node.spec.podCIDR;
      if (podCidr === undefined || podCidr === this.#applied) return;
      queue = queue.then(async () => {
        await this.#apply(podCidr, signal).catch((err: unknown) => {
          if (!signal.aborted) log.error("cannot set up the pod network", { podCidr, err });
        });
      });
    };
    informer.addHandler({ add: sync, update: (node) => sync(node) });
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await queue;
  }

  async #apply(podCidr: string, signal: AbortSignal): Promise<void> {
    if (this.#applied === podCidr) return;
    const { clusterCidr, serviceCidr, cniConfDir, cniStateDir, nodeIp, iptables, log } = this.#options;
    const mtu = await uplinkMtu(nodeIp);
    await ensureBridge({ podCidr, serviceCidr, mtu });
    await iptables.restore(masqueradeRules(podCidr, clusterCidr), signal);
    await iptables.ensureLast(...MASQUERADE_JUMP);
    await iptables.ensureFirst(...FORWARD_JUMP);
    await mkdir(cniConfDir, { recursive: true, mode: 0o700 });
    const file = join(cniConfDir, CNI_CONFIG_FILE);
    const text = cniConfig({ podCidr, mtu, stateDir: cniStateDir });
    if ((await readFile(file, "utf8").catch(() => undefined)) !== text) {
      await writeFile(`${file}.tmp`, text, { mode: 0o600 });
      await rename(`${file}.tmp`, file);
    }
    this.#applied = podCidr;
    log.info("pod network ready", { podCidr, bridge: BRIDGE, mtu, iptables: iptables.backend });
  }
}

/** Removes the bridge with its routes, the chains and the CNI state; pods must be gone. */
export async function removeNetwork(
  options: Pick<NetworkOptions, "iptables" | "cniConfDir" | "cniStateDir">,
): Promise<void> {
  const { iptables } = options;
  await iptables.remove(...MASQUERADE_JUMP);
  await iptables.remove(...FORWARD_JUMP);
  for (const [table, chain] of [
    ["nat", MASQUERADE_CHAIN],
    ["filter", FORWARD_CHAIN],
  ] as const) {
    if ((await iptables.save(table)).includes(`:${chain} `)) {
      await iptables.restore(`*${table}\n:${chain} - [0:0]\n-X ${chain}\nCOMMIT\n`);
    }
  }
  await removeBridge();
  await rm(join(options.cniConfDir, CNI_CONFIG_FILE), { force: true });
  await rm(options.cniStateDir, { recursive: true, force: true });
}
