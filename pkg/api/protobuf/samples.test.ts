import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadProtobufCodec } from "./index.ts";

/**
 * A folder of pairs NAME.json and NAME.pb, the same object in both forms. The published ones are too large to be kept here:
 * `MINIK_PROTOBUF_SAMPLES=DIR make test` runs them all.
 */
const samples = process.env["MINIK_PROTOBUF_SAMPLES"];
const skip = samples === undefined ? "MINIK_PROTOBUF_SAMPLES names no folder of samples" : false;

describe("published samples", { skip }, () => {
  const folder = samples ?? "";
  const names = samples === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith(".pb"));
  for (const name of names)
    it(`${name} is the same in both forms`, async () => {
      const codec = await loadProtobufCodec();
      const bytes = readFileSync(join(folder, name));
      const json = JSON.parse(readFileSync(join(folder, name.replace(/pb$/, "json")), "utf8")) as object;
      const { kind, apiVersion, object } = codec.decode(bytes);
      assert.deepEqual({ kind, apiVersion, ...object }, json);
      assert.equal(codec.encode(json).toString("hex"), bytes.toString("hex"));
    });
});
