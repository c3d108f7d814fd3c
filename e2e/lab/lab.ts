import type { TestContext } from "node:test";
import { Host, type HostOptions, removeLeftHosts } from "./host.ts";
import { LabNetwork, leftovers, removeNamespace } from "./network.ts";

/** Hosts of one scenario; everything is taken down at its end. */
export interface Lab {
  addHost(options: Omit<HostOptions, "network">): Promise<Host>;
  close(): Promise<void>;
}

/** A lab that stands until `close`. Removes what a killed run left. */
export async function openLab(): Promise<Lab> {
  if (process.getuid?.() !== 0) throw new Error("the lab makes network namespaces: run as root");
  await removeLeftHosts();
  for (const namespace of await leftovers()) await removeNamespace(namespace);
  const network = new LabNetwork();
  const hosts: Host[] = [];
  return {
    addHost: async (options) => {
      const host = await Host.create({ ...options, network });
      hosts.push(host);
      return host;
    },
    close: async () => {
      for (const host of hosts.reverse()) await host.destroy();
      await network.close();
    },
  };
}

/** A lab for one test file: closed after it, whatever happens; MINIK_KEEP=1 leaves it standing and says where. */
export async function startLab(t: Pick<TestContext, "after">): Promise<Lab> {
  const lab = await openLab();
  const made: Host[] = [];
  t.after(async () => {
    if (process.env["MINIK_KEEP"] === "1") {
      for (const host of made)
        process.stderr.write(
          `kept: nsenter --net=/run/netns/${host.namespace} (data in ${host.dataDir}, log ${host.logFile})\n`,
        );
      return;
    }
    await lab.close();
  });
  return {
    addHost: async (options) => {
      const host = await lab.addHost(options);
      made.push(host);
      return host;
    },
    close: async () => await lab.close(),
  };
}
