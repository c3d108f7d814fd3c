// `make bench`: measures the whole product from outside, as its users see it, and prints one table.
//
//   main ── starts minik on a lab host ── host measurements (start, idle): here, they look at processes
//     ├──── how fast this machine is at this hour
//     └──── for each API measurement and each target: a generator process in the target's network namespace
import { writeFile } from "node:fs/promises";
import { type Host, openLab } from "../lab/index.ts";
import { type BenchArguments, parseArguments, USAGE } from "./arguments.ts";
import { calibrate, formatCalibration } from "./calibration.ts";
import { API_MEASUREMENTS, HOST_MEASUREMENTS } from "./measure/index.ts";
import type { Values } from "./measurement.ts";
import { formatTable } from "./table.ts";
import { generate } from "./generate.ts";

/** A server under test and what was measured of it. */
interface Target {
  readonly title: string;
  readonly kubeconfig: string;
  /** Where minik runs; absent for an endpoint that somebody else started. */
  readonly host?: Host;
  readonly values: Values;
}

/** Its writes, reads and deletions go through most of a server. */
const WARM_UP = "create";

const say = (text: string): void => void process.stderr.write(`${text}\n`);
let failures = 0;
let stopping = false;

/** Keeps the values of one measurement; one that fails costs its own figures only. */
async function record(target: Target, name: string, work: () => Promise<Values>): Promise<void> {
  if (stopping) return;
  say(`${target.title}: ${name}`);
  try {
    Object.assign(target.values, await work());
  } catch (err) {
    failures++;
    say(`${target.title}: ${name} failed: ${(err as Error).message}`);
  }
}

async function measureHost(target: Target, host: Host, chosen: (of: { name: string }) => boolean): Promise<void> {
  for (const measurement of HOST_MEASUREMENTS.filter(chosen)) {
    if (measurement.startsServer !== true) await ensureRunning(host);
    await record(target, measurement.name, () => measurement.run(host));
  }
  await ensureRunning(host);
}

async function ensureRunning(host: Host): Promise<void> {
  if (host.pid !== undefined) return;
  host.startServer();
  await host.ready();
}

async function measureApi(
  targets: readonly Target[],
  args: BenchArguments,
  chosen: (of: { name: string }) => boolean,
): Promise<void> {
  const measure = ({ kubeconfig, host }: Target, name: string): ReturnType<typeof generate> =>
    generate({ kubeconfig, namespace: host?.namespace, image: args.image, scale: args.scale }, name);
  const measurements = API_MEASUREMENTS.filter(chosen);
  // Servers as they are after some use: code that is compiled while it runs takes seconds to be what it will be.
  if (measurements.length > 0) {
    for (const target of targets) {
      await record(target, "warm-up", async () => {
        await measure(target, WARM_UP);
        return {};
      });
    }
  }
  // One measurement on all targets before the next: what disturbs the machine for a while disturbs them alike.
  for (const { name } of measurements) {
    for (const target of targets) {
      await record(target, name, async () => {
        const answer = await measure(target, name);
        if ("values" in answer) return answer.values;
        say(`${target.title}: ${name} skipped: ${answer.skipped}`);
        return {};
      });
    }
  }
}

async function main(args: BenchArguments): Promise<void> {
  const chosen = ({ name }: { readonly name: string }): boolean => args.only.length === 0 || args.only.includes(name);
  const other: Target[] =
    args.kubeconfig === undefined ? [] : [{ title: args.title, kubeconfig: args.kubeconfig, values: {} }];
  const lab = args.withoutMinik ? undefined : await openLab();
  const targets = [...other];
  let calibration = "";
  try {
    if (lab !== undefined) {
      const host = await lab.addHost({ name: "bench", flags: args.serverFlags });
      const minik: Target = { title: "minik", kubeconfig: host.kubeconfig, host, values: {} };
      targets.unshift(minik);
      await measureHost(minik, host, chosen);
    }
    calibration = formatCalibration(calibrate());
    await measureApi(targets, args, chosen);
  } finally {
    await lab?.close();
  }
  process.stdout.write(`\n${formatTable(targets)}\n\n${calibration}\n`);
  if (args.out !== undefined) {
    const values = Object.fromEntries(targets.map(({ title, values }) => [title, values]));
    await writeFile(args.out, `${JSON.stringify(values, null, 2)}\n`);
  }
  if (failures > 0) process.exitCode = 1;
}

// From a terminal an interrupt reaches the generators too (one process group): they clean up and fail, and the lab is closed.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
    say("stopping after the measurement that runs");
  });
}
try {
  const args = parseArguments(process.argv.slice(2));
  if (args === "help") process.stdout.write(USAGE);
  else await main(args);
} catch (err) {
  say((err as Error).message);
  process.exitCode = 1;
}
