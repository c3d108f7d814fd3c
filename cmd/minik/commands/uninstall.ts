import { readFile, rm, rmdir } from "node:fs/promises";
import type { ServerConfig } from "../config/options.ts";
import { pathsOf } from "../paths.ts";
import { UserError } from "../user-error.ts";
import { killall } from "./killall.ts";

/** killall, then the data directory, and the kubeconfig where it is this cluster's. */
export async function uninstall(config: ServerConfig): Promise<void> {
  const { dataDir, writeKubeconfig } = config;
  if (dataDir.split("/").filter((part) => part !== "").length < 2)
    throw new UserError(`will not remove ${dataDir}: that is no directory of minik's`);
  await killall(config);
  const paths = pathsOf(dataDir);
  const read = async (file: string): Promise<string | undefined> => await readFile(file, "utf8").catch(() => undefined);
  const own = await read(paths.adminKubeconfig);
  if (own !== undefined && (await read(writeKubeconfig)) === own) await rm(writeKubeconfig, { force: true });
  for (const name of ["agent", "server", "bin", "minik.pid"])
    await rm(`${dataDir}/${name}`, { recursive: true, force: true });
  // Only what minik made goes; a directory that holds something else stays.
  await rmdir(dataDir).catch((err: NodeJS.ErrnoException) => {
    if (err.code !== "ENOTEMPTY" && err.code !== "ENOENT") throw err;
  });
}
