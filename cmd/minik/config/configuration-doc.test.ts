import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { type Option, serverOptions } from "./options.ts";

/** The row of an option: flag, default, what it does. */
function rowOf(option: Option): string[] {
  const given: unknown = option.schema.safeParse(undefined).data;
  const shown =
    given === undefined || (Array.isArray(given) && given.length === 0)
      ? ""
      : `\`${String(given as string | number | boolean)}\``;
  const flag = option.value === undefined ? `--${option.name}` : `--${option.name} ${option.value}`;
  return [`\`${flag}\``, shown, option.describe + (option.repeatable === true ? "; may be repeated" : "")];
}

describe("docs/configuration.md", () => {
  it("has a row for every flag of the server, in their order", async () => {
    const text = await readFile(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| (`--.*) \|$/gm)].map((m) => (m[1] as string).split("|").map((c) => c.trim()));
    assert.deepEqual(rows, serverOptions.map(rowOf));
  });
});
