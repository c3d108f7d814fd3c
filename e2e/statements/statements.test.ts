import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { STATEMENTS, type Statement } from "./statements.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DOCUMENT = `${ROOT}docs/statements.md`;
const INTRODUCTION = `# Statements of the conformance suite

What Kubernetes' own conformance suite of v1.36 states about API machinery and kubectl, and the tests of this project that fail
where a statement does not hold. \`e2e/statements/statements.ts\` is the list; \`WRITE_STATEMENTS=1\` with its test writes this page.
Tests in \`*.e2e.ts\` run the built binary with real containers and kubectl; none of the others needs a node.
`;

const split = (test: string): [file: string, title: string] => test.split(" › ") as [string, string];

const literally = (text: string): string =>
  text.replaceAll("\\", "").replaceAll(/[.*+?^${}()|[\]]/g, (sign) => `\\${sign}`);

/** Titles of a file's tests; what a template takes in is any text, beside words of its own. */
function titlesOf(file: string): RegExp[] {
  if (!existsSync(ROOT + file)) return [];
  const text = readFileSync(ROOT + file, "utf8");
  return Array.from(text.matchAll(/\bit\(\s*(["'`])((?:\\.|(?!\1).)*)\1/g), ([, quote, title = ""]) => {
    const parts = quote === "`" ? title.split(/\$\{[^}]*\}/) : [title];
    return new RegExp(parts.join("").trim() === "" ? "^$" : `^${parts.map(literally).join(".+")}$`);
  });
}

function row({ codename, tests }: Statement): string {
  const cells = tests.map((test) => {
    const [file, title] = split(test);
    return `\`${file}\` › ${title}`;
  });
  return `| ${codename.replace(/ \[Conformance\]$/, "")} | ${cells.join("<br>")} |\n`;
}

describe("statements", () => {
  it("name tests that exist, each statement at least one", () => {
    const titles = new Map<string, RegExp[]>();
    const missing: string[] = [];
    for (const { codename, tests } of STATEMENTS) {
      if (tests.length === 0) missing.push(codename);
      for (const test of tests) {
        const [file, title] = split(test);
        const known = titles.get(file) ?? titlesOf(file);
        titles.set(file, known);
        if (!known.some((each) => each.test(title))) missing.push(test);
      }
    }
    assert.deepEqual(missing, []);
  });

  it("are all of sig-api-machinery and sig-cli, each once", () => {
    const count = (sig: string): number => STATEMENTS.filter(({ codename }) => codename.startsWith(`[${sig}] `)).length;
    assert.deepEqual([count("sig-api-machinery"), count("sig-cli")], [77, 13]);
    assert.equal(new Set(STATEMENTS.map(({ codename }) => codename)).size, STATEMENTS.length);
  });

  it("stand in docs/statements.md", () => {
    const text = `${INTRODUCTION}\n| Statement | Tests |\n| --- | --- |\n${STATEMENTS.map(row).join("")}`;
    if (process.env["WRITE_STATEMENTS"] === "1") writeFileSync(DOCUMENT, text);
    assert.equal(readFileSync(DOCUMENT, "utf8"), text);
  });
});
