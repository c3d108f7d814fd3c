import { readdir } from "node:fs/promises";
import { CommandError, run } from "#pkg/process/index.ts";

/** Names of everything the lab makes begin so; the process that made it follows, so that leftovers can be told. */
const PREFIX = "mk";
const SWITCH = "sw";

const namespaceOf = (owner: number | string, name: string): string => `${PREFIX}-${owner}-${name}`;

/** Arguments that run a program inside a namespace. `ip netns exec` would hide the cgroups. */
export function inside(namespace: string): [string, string] {
  return ["nsenter", `--net=/run/netns/${namespace}`];
}

/** Whether a process lives. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Namespaces of lab runs whose process is gone. */
export async function leftovers(): Promise<string[]> {
  const names = await readdir("/run/netns").catch(() => [] as string[]);
  const gone: string[] = [];
  for (const name of names) {
    const owner = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !exists(Number(owner))) gone.push(name);
  }
  return gone;
}

export async function removeNamespace(namespace: string): Promise<void> {
  try {
    await run(["ip", "netns", "delete", namespace]);
  } catch (err) {
    if (!(err instanceof CommandError && /No such file/.test(err.stderr))) throw err;
  }
}

/**
 * Hosts plugged into one switch, which is a namespace too: nothing in the lab has a route to the machine's network, so
 * no packet can leave. Addresses are of 192.0.2.0/24 (RFC 5737); there is no default route.
 */
export class LabNetwork {
  readonly #owner: number | string;
  readonly #namespaces: string[] = [];
  #hosts = 0;

  /** @param owner in the names of its namespaces; what belongs to a process is removed when that is gone */
  constructor(owner: number | string = process.pid) {
    this.#owner = owner;
  }

  async #switch(): Promise<string> {
    const namespace = namespaceOf(this.#owner, SWITCH);
    if (!this.#namespaces.includes(namespace)) {
      await run(["ip", "netns", "add", namespace]);
      this.#namespaces.push(namespace);
      await run([...inside(namespace), "ip", "link", "add", "br0", "up", "type", "bridge"]);
    }
    return namespace;
  }

  /** A host's namespace with eth0 plugged in. */
  async addHost(name: string): Promise<{ readonly namespace: string; readonly address: string }> {
    const hub = await this.#switch();
    const namespace = namespaceOf(this.#owner, name);
    await run(["ip", "netns", "add", namespace]);
    this.#namespaces.push(namespace);
    const number = 10 + this.#hosts++;
    const address = `192.0.2.${number}`;
    await run([...inside(namespace), "ip", "link", "set", "lo", "up"]);
    await run([
      ...inside(namespace),
      "ip",
      "link",
      "add",
      "eth0",
      "type",
      "veth",
      "peer",
      "name",
      `h${number}`,
      "netns",
      hub,
    ]);
    await run([...inside(hub), "ip", "link", "set", `h${number}`, "master", "br0", "up"]);
    await run([...inside(namespace), "ip", "link", "set", "eth0", "up"]);
    await run([...inside(namespace), "ip", "address", "add", `${address}/24`, "dev", "eth0"]);
    return { namespace, address };
  }

  /** Also removes namespaces of this owner that an earlier process made. */
  async close(): Promise<void> {
    const names = await readdir("/run/netns").catch(() => [] as string[]);
    this.#namespaces.push(
      ...names.filter((name) => name.startsWith(`${PREFIX}-${this.#owner}-`) && !this.#namespaces.includes(name)),
    );
    for (const namespace of this.#namespaces.reverse()) await removeNamespace(namespace);
    this.#namespaces.length = 0;
  }
}
