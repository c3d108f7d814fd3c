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

it("DecoderCompiler refuses what is nested so deep that others could not follow it", () => {
  const raw = new DecoderCompiler(builtinSchemas()).definition("io.k8s.apimachinery.pkg.runtime.RawExtension");
  const nested = (depth: number): unknown => (depth === 0 ? {} : { a: nested(depth - 1) });
  assert.deepEqual(raw(nested(900), new Decoding()), nested(900));
  assert.throws(() => raw(nested(1_100), new Decoding()), /exceeded max depth/);
});

it("DecoderCompiler refuses numbers that are infinite to JavaScript, which no JSON can say again", () => {
  const compiler = new DecoderCompiler(builtinSchemas());
  const raw = compiler.definition("io.k8s.apimachinery.pkg.runtime.RawExtension");
  assert.throws(
    () => raw(JSON.parse('{"a":[1e400]}'), new Decoding()),
    /cannot unmarshal number into Go value of type float64/,
  );
});
