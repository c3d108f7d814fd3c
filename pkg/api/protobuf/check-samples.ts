// Checks the codec against the published samples, which are too large to be kept here: a folder of pairs NAME.json and
// NAME.pb, the same object in both forms. Run by hand: `make samples SAMPLES=DIR`.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadProtobufCodec } from "./index.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node pkg/api/protobuf/check-samples.ts SAMPLES_DIR");
const codec = await loadProtobufCodec();
const names = readdirSync(folder).filter((file) => file.endsWith(".pb"));
for (const name of names) {
  const bytes: Buffer = readFileSync(join(folder, name));
  const json = JSON.parse(readFileSync(join(folder, name.replace(/pb$/, "json")), "utf8")) as object;
  const { kind, apiVersion, object } = codec.decode(bytes);
  assert.deepEqual({ kind, apiVersion, ...object }, json, `${name} decodes to its JSON`);
  assert.equal(codec.encode(json).toString("hex"), bytes.toString("hex"), `${name} is what its JSON encodes to`);
}
process.stdout.write(`${names.length} pairs are the same in both forms\n`);
