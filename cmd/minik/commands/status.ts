import { access } from "node:fs/promises";
import { nodes, pods } from "#pkg/api/types/core-v1.ts";
import { createClient, createHttpsTransport, loadKubeconfig } from "#pkg/client/index.ts";
import { withTimeout } from "#pkg/async/index.ts";
import type { DataConfig } from "../config/options.ts";
import { pathsOf } from "../paths.ts";
import { UserError } from "../user-error.ts";

interface ClusterStatus {
  readonly server: string;
  readonly version: string;
  readonly ready: boolean;
  readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly address: string }[];
  readonly pods: Readonly<Record<string, number>>;
}

const TIMEOUT_MS = 5_000;

async function readStatus(dataDir: string): Promise<ClusterStatus> {
  const file = pathsOf(dataDir).adminKubeconfig;
  await access(file).catch(() => {
    throw new UserError(`there is no cluster in ${dataDir}: start one with "minik server --data-dir ${dataDir}"`);
  });
  const serverAccess = await loadKubeconfig(file);
  const transport = createHttpsTransport(serverAccess);
  const client = createClient(transport);
  const signal = withTimeout(TIMEOUT_MS);
  try {
    const [version, ready, nodeList, podList] = await Promise.all([
      client.raw({ method: "GET", path: "/version", signal }) as Promise<{ gitVersion: string }>,
      client.raw({ method: "GET", path: "/readyz", signal }).then(
        () => true,
        () => false,
      ),
      client.list(nodes, { signal }),
      client.list(pods, { signal }),
    ]);
    const phases: Record<string, number> = {};
    for (const pod of podList.items)
      phases[pod.status?.phase ?? "Unknown"] = (phases[pod.status?.phase ?? "Unknown"] ?? 0) + 1;
    return {
      server: serverAccess.server,
      version: version.gitVersion,
      ready,
      nodes: nodeList.items.map((node) => ({
        name: node.metadata.name,
        ready: node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") === true,
        address: node.status?.addresses?.find((a) => a.type === "InternalIP")?.address ?? "",
      })),
      pods: phases,
    };
  } catch (err) {
    throw new UserError(`no answer from ${serverAccess.server}: is "minik server --data-dir ${dataDir}" running?`, {
      cause: err,
    });
  } finally {
    await transport.close();
  }
}

/** Prints what the server of the data directory is and holds; a server that does not answer is a UserError. */
export async function status({ dataDir }: DataConfig, output: string): Promise<void> {
  if (output !== "text" && output !== "json") throw new UserError(`--output "${output}": must be text or json`);
  const found = await readStatus(dataDir);
  if (output === "json") {
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const lines = [
    `server  ${found.server}  ${found.version}  ${found.ready ? "ready" : "not ready"}`,
    ...found.nodes.map((node) => `node    ${node.name}  ${node.address}  ${node.ready ? "Ready" : "NotReady"}`),
    `pods    ${
      Object.entries(found.pods)
        .map(([phase, count]) => `${count} ${phase}`)
        .join(", ") || "none"
    }`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
