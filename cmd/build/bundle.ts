import { type BuildOptions, type Plugin } from "esbuild";

/** Where each bundle starts; the names are those of the roles of `cmd/minik/threads/thread.ts`, and minik. */
export const BUNDLES = {
  minik: "cmd/minik/main.ts",
  store: "cmd/minik/threads/entry/store.ts",
  yaml: "cmd/minik/threads/entry/yaml.ts",
  control: "cmd/minik/threads/entry/control.ts",
  node: "cmd/minik/threads/entry/node.ts",
} as const;

/**
 * Sources do nothing when they are imported, so that what a thread does not use of a folder's front door stays out of
 * its bundle: each thread keeps the text of its bundle, and what its modules make at start, in memory.
 */
const dropUnused: Plugin = {
  name: "drop-unused",
  setup(build) {
    build.onResolve({ filter: /^(#|\.)/ }, async ({ path, pluginData, importer, kind, resolveDir }) => {
      if (pluginData === dropUnused || importer.includes("/node_modules/")) return undefined;
      const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: dropUnused });
      return { ...resolved, sideEffects: false };
    });
  },
};

/** What fastify loads only for routes with schemas, and for calls without a socket: minik has neither. */
const ABSENT = /^(@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request)$/;

const leaveOut: Plugin = {
  name: "leave-out",
  setup(build) {
    build.onResolve({ filter: ABSENT }, ({ path }) => ({ path, namespace: "absent" }));
    build.onLoad({ filter: /./, namespace: "absent" }, ({ path }) => ({
      contents: `throw new Error("minik is built without ${path}")`,
    }));
  },
};

/** What all bundles have in common, for esbuild. */
export const bundleOptions = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  // A CommonJS bundle has no import.meta; nothing in the product may depend on where a source file was.
  define: { "import.meta.url": "undefined", "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
  logOverride: { "empty-import-meta": "silent" },
  plugins: [dropUnused, leaveOut],
} as const satisfies BuildOptions;

/**
 * A bundle's text in ASCII alone: one character of another script (esbuild leaves them in regular expressions and
 * comments) makes V8 keep the whole text with two bytes a character.
 */
export function asciiOnly(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
