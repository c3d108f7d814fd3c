import assert from "node:assert/strict";
import { it } from "node:test";
import { parseJson } from "./parse-json.ts";

it("parseJson makes U+FFFD of half a surrogate pair, and leaves everything else as it is", () => {
  const parsed: readonly (readonly [string, unknown])[] = [
    [String.raw`{"a\ud800":"\uD800x\uDC00"}`, { "a\ufffd": "\ufffdx\ufffd" }],
    [String.raw`"\ud83d\ude00 \ud83d\ud83d\ude00"`, "\u{1f600} \ufffd\u{1f600}"],
    [String.raw`"\\ud800 \\\ud800"`, "\\ud800 \\\ufffd"],
    [String.raw`"\u00e9\n\udfff"`, "é\n\ufffd"],
  ];
  for (const [text, value] of parsed) assert.deepEqual(parseJson(text), value, text);
  assert.throws(() => parseJson(String.raw`"\ud8"`), SyntaxError);
});
