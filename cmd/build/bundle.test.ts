import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { asciiOnly, bundleOptions, BUNDLES } from "./bundle.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SERVER = ["fastify", "ajv", "@peculiar/x509", "jose", "ws", "commander", "zod", "better-sqlite3"];
const SERVER_FOLDERS = ["pkg/apiserver/", "pkg/store/", "pkg/pki/", "pkg/api/protobuf/"];
const NODE_FOLDERS = ["pkg/kubelet/", "pkg/proxy/", "pkg/network/", "pkg/runtime/", "pkg/cri/"];

/** What the bundle of a thread must not contain, not even to be loaded later: its text stays in memory. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  store: ["pkg/api/", "pkg/client/", "pkg/apiserver/", "pino"],
  yaml: ["pkg/api/", "pkg/client/", "pkg/store/", "pino", "zod"],
  control: [...SERVER, ...SERVER_FOLDERS, ...NODE_FOLDERS, "js-yaml", "@grpc/grpc-js", "protobufjs"],
  node: [
    ...SERVER,
    ...SERVER_FOLDERS,
    "re2js",
    "prom-client",
    "pkg/cel/",
    "pkg/controllers/",
    "pkg/scheduler/",
    "pkg/api/builtin.ts",
    "pkg/api/apiextensions/",
  ],
};

async function inputsOf(start: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...bundleOptions,
    absWorkingDir: ROOT,
    entryPoints: [start],
    outdir: "dist/unused",
    write: false,
    metafile: true,
  });
  return Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file);
}

describe("bundles", () => {
  for (const [name, forbidden] of Object.entries(FORBIDDEN)) {
    it(`BUNDLES.${name} has nothing of what its thread must not load`, async () => {
      const inputs = await inputsOf(BUNDLES[name as keyof typeof BUNDLES]);
      const places = forbidden.map((each) => (each.startsWith("pkg/") ? each : `node_modules/${each}/`));
      assert.deepEqual(
        inputs.filter((file) => places.some((place) => file.startsWith(place))),
        [],
      );
    });
  }

  it("asciiOnly keeps what a program does when it has characters of other scripts", () => {
    const program = asciiOnly('[/^(µ|μ)s$/.test("μs"), /^😀$/u.test("😀"), "ä😀"] // Wärting');
    assert.match(program, /^[\0-\x7f]*$/);
    // oxlint-disable-next-line no-eval
    assert.deepEqual((0, eval)(program), [true, true, "ä😀"]);
  });
});
