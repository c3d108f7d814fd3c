import { readFile } from "node:fs/promises";
import type { DataConfig } from "../config/options.ts";
import { pathsOf } from "../paths.ts";
import { UserError } from "../user-error.ts";

/** Prints the administrator's kubeconfig of the cluster in the data directory. */
export async function printKubeconfig({ dataDir }: DataConfig): Promise<void> {
  const file = pathsOf(dataDir).adminKubeconfig;
  try {
    process.stdout.write(await readFile(file, "utf8"));
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === "EACCES") throw new UserError(`cannot read ${file}: run as root`);
    throw new UserError(`there is no cluster in ${dataDir}: start one with "minik server --data-dir ${dataDir}"`);
  }
}
