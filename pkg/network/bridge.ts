import { readFile, writeFile } from "node:fs/promises";
import { CommandError, run } from "#pkg/process/index.ts";
import { gatewayOf } from "./cidr.ts";
import { BRIDGE } from "./cni-config.ts";

/** Bridges made by the CNI plugin get this form of MAC too: stable, so that pods' ARP caches stay true over restarts. */
function macOf(address: string): string {
  return `0a:58:${address
    .split(".")
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join(":")}`;
}

async function setSysctl(path: string, value: string): Promise<void> {
  try {
    if ((await readFile(path, "utf8")).trim() !== value) await writeFile(path, value);
  } catch (err) {
    // Kernels without br_netfilter have no such file; packets between pods of one bridge then bypass iptables.
    if ((err as NodeJS.ErrnoException).code !== "ENOENT") throw err;
  }
}

/** The MTU of the interface with the default route, of the node's own address otherwise; 1500 when neither says. */
export async function uplinkMtu(nodeIp: string): Promise<number> {
  const links = JSON.parse((await run(["ip", "-json", "address", "show"])).stdout) as {
    ifname: string;
    mtu: number;
    addr_info: { local?: string }[];
  }[];
  const uplink = links.find((link) => link.addr_info.some((a) => a.local === nodeIp));
  return uplink === undefined || uplink.mtu > 9216 ? 1500 : uplink.mtu;
}

/**
 * Makes the bridge before the first pod does, because the route of the service CIDR goes through it: packets to a
 * ClusterIP find a route even where there is no default route, and one that no rule catches dies on the bridge instead
 * of leaving the machine.
 */
export async function ensureBridge(options: {
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly mtu: number;
}): Promise<void> {
  const { address, prefix } = gatewayOf(options.podCidr);
  try {
    await run(["ip", "link", "add", BRIDGE, "address", macOf(address), "mtu", String(options.mtu), "type", "bridge"]);
  } catch (err) {
    if (!(err instanceof CommandError && /File exists/.test(err.stderr))) throw err;
  }
  await run(["ip", "link", "set", BRIDGE, "mtu", String(options.mtu), "up"]);
  await run(["ip", "address", "replace", `${address}/${prefix}`, "dev", BRIDGE]);
  await run(["ip", "route", "replace", options.serviceCidr, "dev", BRIDGE, "src", address, "proto", "static"]);
  await setSysctl("/proc/sys/net/ipv4/ip_forward", "1");
  await setSysctl("/proc/sys/net/bridge/bridge-nf-call-iptables", "1");
}

/** Undoes `ensureBridge`; nothing happens where there is no bridge. */
export async function removeBridge(): Promise<void> {
  try {
    await run(["ip", "link", "delete", BRIDGE]);
  } catch (err) {
    if (!(err instanceof CommandError && /Cannot find device/.test(err.stderr))) throw err;
  }
}
