import { existsSync } from "node:fs";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "#pkg/async/index.ts";
import { detectIptables } from "#pkg/iptables/index.ts";
import { findCgroups, createMounter } from "#pkg/kubelet/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { removeNetwork } from "#pkg/network/index.ts";
import { removeServiceRules } from "#pkg/proxy/index.ts";
import { createRuntime, MissingProgramError } from "#pkg/runtime/index.ts";
import { locateAssets } from "../assets.ts";
import type { ServerConfig } from "../config/options.ts";
import { type Paths, pathsOf } from "../paths.ts";
import { isAlive, runningServer } from "../pid-file.ts";
import { UserError } from "../user-error.ts";

const STOP_TIMEOUT_MS = 20_000;

type Config = Pick<ServerConfig, "dataDir" | "containerRuntimeEndpoint" | "snapshotter">;

/** Stops minik and removes every pod, container, mount, interface, rule and cgroup it made; its data stays. */
export async function killall(config: Config): Promise<void> {
  if (process.getuid?.() !== 0) throw new UserError("killall ends processes and removes mounts: run it as root");
  const paths = pathsOf(config.dataDir);
  // Rules and cgroups may be there still when somebody removed the directory: the work is done all the same.
  if (!existsSync(paths.dataDir)) process.stdout.write(`there is no cluster in ${paths.dataDir}\n`);
  await stopServer(paths);
  await removePods(config, paths);
  await endProcesses(paths);
  const mounter = createMounter();
  await mounter.unmount(await mounter.below(paths.dataDir));
  const iptables = await detectIptables();
  await removeServiceRules(iptables);
  await removeNetwork({ iptables, cniConfDir: paths.cniConf, cniStateDir: paths.cniState });
  await removeCgroups(paths);
  // What is left of pods is of no use without them.
  await rm(paths.kubeletRoot, { recursive: true, force: true });
  await rm(paths.podLogs, { recursive: true, force: true });
  await rm(paths.containerdState, { recursive: true, force: true });
}

async function stopServer(paths: Paths): Promise<void> {
  const pid = await runningServer(paths);
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  await until(() => !isAlive(pid), { timeoutMs: STOP_TIMEOUT_MS, what: `minik (pid ${pid}) to stop` }).catch(() =>
    process.kill(pid, "SIGKILL"),
  );
  await until(() => !isAlive(pid), { timeoutMs: STOP_TIMEOUT_MS, what: `minik (pid ${pid}) to end` });
}

/** Through the runtime, so that CNI takes back addresses and host ports; what it cannot do is done by force later. */
async function removePods(config: Config, paths: Paths): Promise<void> {
  const uids = new Set(await readdir(join(paths.kubeletRoot, "pods")).catch(() => []));
  if (uids.size === 0) return;
  const log = createLogger("warn");
  const life = new AbortController();
  try {
    const assets = await locateAssets(config.dataDir);
    const runtime = await createRuntime({
      dataDir: config.dataDir,
      pauseProgram: await readFile(assets.pause),
      proto: await readFile(assets.criProto, "utf8"),
      snapshotter: config.snapshotter,
      log,
      ...(config.containerRuntimeEndpoint === undefined ? {} : { endpoint: config.containerRuntimeEndpoint }),
    });
    const running = runtime.start(life.signal);
    await runtime.ready(AbortSignal.timeout(STOP_TIMEOUT_MS));
    const { items = [] } = await runtime.cri.runtime.listPodSandbox({});
    await Promise.all(
      items
        .filter((sandbox) => uids.has(sandbox.metadata?.uid ?? ""))
        .map(async ({ id = "" }) => {
          await runtime.cri.runtime.stopPodSandbox({ podSandboxId: id });
          await runtime.cri.runtime.removePodSandbox({ podSandboxId: id });
        }),
    );
    life.abort();
    await running;
  } catch (err) {
    life.abort();
    if (!(err instanceof MissingProgramError)) log.warn("the runtime did not remove all pods; ending them", { err });
  }
}

/** Ends what still runs: shims and containerd by their command lines, containers by their cgroups. */
async function endProcesses(paths: Paths): Promise<void> {
  const socket = join(paths.containerdState, "containerd.sock");
  const mine = new Set<number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0");
    const shim = words[0]?.includes("containerd-shim") === true && words.includes(socket);
    const daemon =
      words[0]?.endsWith("containerd") === true && words.some((word) => word.startsWith(`${paths.containerdRoot}/`));
    if (shim || daemon) mine.add(Number(name));
  }
  const pids = async (): Promise<number[]> => {
    const found = new Set([...mine].filter(isAlive));
    for (const dir of await cgroupDirs(paths)) {
      for (const line of (await readFile(join(dir, "cgroup.procs"), "utf8").catch(() => "")).split("\n")) {
        if (line !== "" && line !== "0") found.add(Number(line));
      }
    }
    return [...found];
  };
  await until(
    async () => {
      const left = await pids();
      for (const pid of left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch (err) {
          if ((err as NodeJS.ErrnoException).code !== "ESRCH") throw err;
        }
      }
      return left.length === 0;
    },
    { timeoutMs: STOP_TIMEOUT_MS, what: "the processes of pods to end" },
  );
}

/** Our cgroups in every hierarchy, deepest first. */
async function cgroupDirs(paths: Paths): Promise<string[]> {
  const found: string[] = [];
  const walk = async (dir: string): Promise<void> => {
    const entries = await readdir(dir, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return;
    for (const entry of entries) if (entry.isDirectory()) await walk(join(dir, entry.name));
    found.push(dir);
  };
  for (const mount of (await findCgroups()).mounts) await walk(join(mount, paths.cgroupRoot));
  return found;
}

async function removeCgroups(paths: Paths): Promise<void> {
  for (const dir of await cgroupDirs(paths)) {
    // A killed process leaves its cgroup a moment after it is gone.
    await until(
      async () => {
        await rmdir(dir).catch((err: NodeJS.ErrnoException) => {
          if (err.code !== "ENOENT") throw err;
        });
        return true;
      },
      { timeoutMs: STOP_TIMEOUT_MS, what: `the cgroup ${dir} to be removed` },
    );
  }
}
