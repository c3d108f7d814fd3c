import assert from "node:assert/strict";
import { it } from "node:test";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import type { PatchType } from "#pkg/client/types.ts";
import { isInvalid } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";

interface Answer {
  readonly metadata: { readonly resourceVersion: string; readonly managedFields?: readonly ManagedFieldsEntry[] };
}

const ROUNDS = 150;
const PATH = "/apis/apps/v1/namespaces/d/deployments/d";
const MANAGERS = ["one", "two", "kubectl"];

/** Always the same numbers (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function deployment(below: (n: number) => number): object {
  const maybe = (value: object): object => (below(2) === 0 ? value : {});
  const container = (name: string): object => ({
    name,
    image: `i${below(2)}`,
    ...maybe({ ports: [{ containerPort: 80 + below(3) }] }),
    ...maybe({ env: [{ name: `E${below(3)}`, value: `v${below(2)}` }] }),
    ...maybe({ args: [`a${below(2)}`] }),
  });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", ...maybe({ labels: { [`l${below(3)}`]: `v${below(2)}` } }) },
    spec: {
      ...maybe({ replicas: below(4) }),
      selector: { matchLabels: { app: "a" } },
      template: {
        metadata: { labels: { app: "a", ...maybe({ [`t${below(3)}`]: "1" }) } },
        spec: { containers: ["a", "b", "c"].slice(below(2), 2 + below(2)).map(container) },
      },
    },
  };
}

/** Whether everything that was applied is there; items of lists are found by their keys. */
function holds(have: unknown, want: unknown): boolean {
  if (Array.isArray(want))
    return want.every((item) => Array.isArray(have) && have.some((candidate) => holds(candidate, item)));
  if (typeof want !== "object" || want === null) return have === want;
  return Object.entries(want).every(([key, value]) =>
    holds((have as Record<string, unknown> | undefined)?.[key], value),
  );
}

it("whatever was written before, a forced apply is there whole, and applied again changes nothing", async (t) => {
  const { transport } = await startTestServer(t);
  const below = numbers(36);
  const send = async (contentType: PatchType, fieldManager: string, body: object): Promise<Answer> =>
    (await transport.request({
      method: "PATCH",
      path: PATH,
      contentType,
      body,
      query: { fieldManager, ...(contentType === "application/apply-patch+yaml" ? { force: true } : {}) },
    })) as Answer;
  let applied = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const manager = MANAGERS[below(MANAGERS.length)] as string;
    const body = deployment(below);
    try {
      if (round > 0 && below(3) === 0) {
        await send("application/strategic-merge-patch+json", manager, body);
        continue;
      }
      const after = await send("application/apply-patch+yaml", manager, body);
      assert.ok(holds(after, body), JSON.stringify({ body, after }));
      const again = await send("application/apply-patch+yaml", manager, body);
      assert.equal(again.metadata.resourceVersion, after.metadata.resourceVersion, JSON.stringify({ after, again }));
      const owners = after.metadata.managedFields ?? [];
      assert.equal(owners.filter((each) => each.operation === "Apply" && each.manager === manager).length, 1);
      applied++;
    } catch (err) {
      // What is left of an item that others own a part of may not be valid.
      if (!isInvalid(err)) throw err;
    }
  }
  assert.ok(applied > ROUNDS / 3, String(applied));
});
