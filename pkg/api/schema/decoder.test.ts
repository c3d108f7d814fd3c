import assert from "node:assert/strict";
import { it } from "node:test";
import { builtinSchemas } from "./builtin-schemas.ts";
import { DecoderCompiler, Decoding } from "./decoder.ts";

it("DecoderCompiler leaves the zero of its type for a null in a map or list", () => {
  const compiler = new DecoderCompiler(builtinSchemas());
  const quota = compiler.definition("io.k8s.api.core.v1.ResourceQuotaSpec");
  const decoded = quota({ hard: { pods: null, cpu: "1" }, scopes: [null] }, new Decoding());
  assert.deepEqual(decoded, { hard: { pods: "0", cpu: "1" }, scopes: [""] });
});
