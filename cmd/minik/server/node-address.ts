import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { run } from "#pkg/process/index.ts";
import type { ServerConfig } from "../config/options.ts";
import { isDnsName } from "../config/syntax.ts";
import { UserError } from "../user-error.ts";

/** The address of the interface with the default route; where there is none, the first that is not loopback. */
async function ownAddress(): Promise<string> {
  const routes = JSON.parse((await run(["ip", "-json", "-4", "route", "show", "default"])).stdout || "[]") as {
    dev?: string;
    prefsrc?: string;
  }[];
  const [route] = routes;
  if (route?.prefsrc !== undefined) return route.prefsrc;
  const interfaces = Object.entries(networkInterfaces());
  const ordered = [
    ...interfaces.filter(([name]) => name === route?.dev),
    ...interfaces.filter(([name]) => name !== route?.dev && !/^(minik|cni|docker|veth)/.test(name)),
  ];
  for (const [, addresses] of ordered) {
    const found = addresses?.find((a) => isIPv4(a.address) && !a.internal);
    if (found !== undefined) return found.address;
  }
  throw new UserError("this machine has no address besides loopback: give it one, or say --node-ip");
}

/** The name and address under which this machine is a node. */
export async function nodeIdentity(
  config: ServerConfig,
): Promise<{ readonly nodeName: string; readonly nodeIp: string }> {
  const nodeName = config.nodeName ?? hostname().toLowerCase();
  if (!isDnsName(nodeName))
    throw new UserError(`the host name "${nodeName}" cannot be a node's name: say another with --node-name`);
  return {
    nodeName,
    nodeIp: config.nodeIp ?? (await ownAddress()),
  };
}
