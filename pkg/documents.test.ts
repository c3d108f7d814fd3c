import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const read = (file: string): string => readFileSync(`${ROOT}${file}`, "utf8");
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: ROOT })];

describe("documents", () => {
  it("name files and folders that exist", () => {
    const gone: string[] = [];
    for (const file of DOCUMENTS)
      for (const [, path] of read(file).matchAll(/`((?:cmd|pkg|e2e|docs|proto|examples)\/[^`<>*\s]*)`/g))
        if (!existsSync(`${ROOT}${path}`)) gone.push(`${file}: ${path}`);
    assert.deepEqual(gone, []);
  });

  it("name what stands in the file before it", () => {
    const gone: string[] = [];
    for (const [, file, symbol] of read("ARCHITECTURE.md").matchAll(/`([^`]+\.ts)`\s+`([\w.]+)`/g))
      for (const part of (symbol as string).split("."))
        if (!new RegExp(`\\b${part}\\b`).test(read(file as string))) gone.push(`${symbol} in ${file}`);
    assert.deepEqual(gone, []);
  });

  it("explain every dependency, and none that is not there", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read("package.json")) as Record<
      string,
      Record<string, string>
    >;
    const table = read("ARCHITECTURE.md").split("## Dependencies")[1] ?? "";
    const explained = [...table.matchAll(/^\| ([^|]*`[^|]*)\|/gm)].flatMap(([, cell]) =>
      [...(cell as string).matchAll(/`([^`]+)`/g)].map((m) => m[1]),
    );
    const wanted = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    assert.deepEqual(new Set(explained), new Set(wanted));
  });
});
