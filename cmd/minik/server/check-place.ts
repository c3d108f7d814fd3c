import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import type { ServerConfig } from "../config/options.ts";
import { UserError } from "../user-error.ts";

/** Ports and paths that this server will take: asked for before anything is made, so that a refusal leaves nothing. */
export async function checkPlace(config: ServerConfig): Promise<void> {
  await checkDirectory(config.dataDir, "--data-dir");
  await checkDirectory(dirname(config.writeKubeconfig), "--write-kubeconfig");
  await checkPort(config.bindAddress, config.httpsListenPort, "--https-listen-port");
  if (config.disableAgent) return;
  await checkPort("0.0.0.0", config.kubeletPort, "--kubelet-port");
  await checkPort("127.0.0.1", config.kubeletHealthPort, "--kubelet-health-port");
}

/** The directory, or what is there of the way to it, must be one that can be written to. */
async function checkDirectory(path: string, flag: string): Promise<void> {
  let there = path;
  for (;;) {
    try {
      if (!(await stat(there)).isDirectory())
        throw new UserError(`cannot write to ${path}: ${there} is no directory; choose another ${flag}`);
      await access(there, constants.W_OK | constants.X_OK);
      return;
    } catch (err) {
      const { code } = err as NodeJS.ErrnoException;
      if (err instanceof UserError) throw err;
      if ((code !== "ENOENT" && code !== "ENOTDIR") || there === dirname(there)) {
        const why = code === "EROFS" ? "is on a read-only file system" : "is not writable";
        throw new UserError(`cannot write to ${path}: ${there} ${why}; choose another ${flag}`, { cause: err });
      }
      there = dirname(there);
    }
  }
}

async function checkPort(host: string, port: number, flag: string): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => probe.once("error", reject).listen(port, host, resolve));
  } catch (err) {
    throw portError(err, host, port, flag);
  }
  await new Promise((resolve) => probe.close(resolve));
}

/** What listening failed with, as one line that says what to change; other errors as they are. */
export function portError(err: unknown, host: string, port: number, flag: string): unknown {
  switch ((err as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return new UserError(`port ${port} of ${host} is in use: stop what listens there, or choose another ${flag}`, {
        cause: err,
      });
    case "EADDRNOTAVAIL":
      return new UserError(`${host} is no address of this machine: choose another --bind-address`, { cause: err });
    case "EACCES":
      return new UserError(`port ${port} needs root: run as root, or choose another ${flag}`, { cause: err });
    default:
      return err;
  }
}
