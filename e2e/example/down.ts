// `make down`: removes what `make up` made.
import { access, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { run } from "#pkg/process/index.ts";
import { LabNetwork } from "../lab/index.ts";
import { DATA_DIR, OWNER } from "./place.ts";

const binary = fileURLToPath(new URL("../../dist/minik", import.meta.url));
const namespace = `/run/netns/mk-${OWNER}-minik`;
const there = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  );

if (await there(DATA_DIR)) {
  const inside = (await there(namespace)) ? ["nsenter", `--net=${namespace}`] : [];
  const [program, ...args] = [...inside, binary, "uninstall", "--data-dir", DATA_DIR];
  await run([program as string, ...args], { timeoutMs: 120_000 });
}
await new LabNetwork(OWNER).close();
await rm(DATA_DIR, { recursive: true, force: true });
process.stdout.write("nothing of make up is left\n");
