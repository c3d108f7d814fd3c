import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const LEAVES = ["errors", "log", "async", "process", "api", "cel"];

/** The table of ARCHITECTURE.md, "Who may import whom": folder to what it may import besides itself and the leaves. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  log: [],
  async: [],
  process: [],
  api: [],
  cel: [],
  store: [],
  cri: [],
  pki: [],
  iptables: [],
  client: [],
  apiserver: ["store", "pki", "client"],
  controllers: ["client"],
  scheduler: ["client"],
  kubelet: ["client", "cri"],
  runtime: ["client", "cri"],
  proxy: ["client", "iptables"],
  network: ["client", "iptables"],
};

const imports = (file: string): string[] =>
  [...readFileSync(`${ROOT}${file}`, "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1] as string);

describe("imports", () => {
  const sources = globSync("pkg/*/**/*.ts", { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|\/testing\.ts$|\/testing\//.test(file),
  );

  it("follow the table of ARCHITECTURE.md", () => {
    const broken: string[] = [];
    for (const file of sources) {
      const folder = file.split("/")[1] as string;
      const allowed = ALLOWED[folder];
      if (allowed === undefined) {
        broken.push(`${folder} is not in the table`);
        continue;
      }
      for (const target of imports(file)) {
        const to = /^#(pkg\/([^/]+)|cmd|e2e)\//.exec(target);
        if (to === null) continue;
        const other = to[2] ?? (to[1] as string);
        if (other !== folder && !LEAVES.includes(other) && !allowed.includes(other))
          broken.push(`${file} imports ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it("enter another folder by its front door", () => {
    const broken: string[] = [];
    for (const file of sources) {
      const folder = file.split("/")[1] as string;
      for (const target of imports(file)) {
        const to = /^#pkg\/([^/]+)\/(.+)$/.exec(target);
        if (to === null || to[1] === folder || to[1] === "api") continue;
        // A contract (types.ts) and the port protocol may be named directly.
        if (!["index.ts", "types.ts", "port-protocol.ts"].includes(to[2] as string))
          broken.push(`${file} imports ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });
});
