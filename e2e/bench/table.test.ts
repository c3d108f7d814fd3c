import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatTable } from "./table.ts";

describe("formatTable", () => {
  it("shows ratios of the first column and whether it meets the goals", () => {
    const columns = [
      { title: "minik", values: { create32: 9_000, list: 25, readyzAgain: 0.4 } },
      { title: "other", values: { create32: 1_800 } },
    ];
    assert.equal(
      formatTable(columns),
      `
figure                 minik    other  ratio  upstream there  ratio     goal  met
-------------------  -------  -------  -----  --------------  -----  -------  ---
restart to /readyz    0.40 s        -                      -               -
create, 32 at once   9,000/s  1,800/s   5.0x         2,000/s   4.5x  8,000/s  yes
list 3,000 (4.9 MB)  25.0 ms        -                50.0 ms  1/2.0  12.5 ms   no
`.trim(),
    );
  });
});
