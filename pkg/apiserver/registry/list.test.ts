import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";
import type { Transport } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";
import { encodeContinue } from "./continue.ts";

const PATH = "/api/v1/namespaces/default/configmaps";

interface List {
  readonly metadata: ListMeta;
  readonly items: readonly KubeObject[];
}

async function list(transport: Transport, query: Record<string, string | number> = {}, path = PATH): Promise<List> {
  return (await transport.request({ method: "GET", path, query })) as List;
}

const names = ({ items }: List): string => items.map((each) => each.metadata.name).join();

async function create(transport: Transport, name: string, labels: Record<string, string> = {}): Promise<KubeObject> {
  const body = { metadata: { name, labels } };
  return (await transport.request({ method: "POST", path: PATH, body })) as KubeObject;
}

/** Five config maps a to e; every second one is labelled even=yes. */
async function start(...[t, options]: Parameters<typeof startTestServer>) {
  const test = await startTestServer(t, options);
  for (const [i, name] of ["a", "b", "c", "d", "e"].entries())
    await create(test.transport, name, i % 2 === 0 ? { even: "yes" } : {});
  return test;
}

function refusal(code: number, message: string | RegExp) {
  return (err: unknown): boolean => {
    assert.ok(err instanceof ApiError, String(err));
    assert.equal(
      `${err.code} ${err.message}`,
      typeof message === "string" ? `${code} ${message}` : `${code} ${err.message}`,
    );
    if (typeof message !== "string") assert.match(err.message, message);
    return true;
  };
}

describe("list", { concurrency: true }, () => {
  it("pages through one snapshot while objects come and go", async (t) => {
    const { transport } = await start(t);
    const first = await list(transport, { limit: 2 });
    assert.equal(names(first), "a,b");
    assert.equal(first.metadata.remainingItemCount, 3);
    await create(transport, "bb");
    await transport.request({ method: "DELETE", path: `${PATH}/d` });
    const second = await list(transport, { limit: 2, continue: first.metadata.continue ?? "" });
    assert.equal(names(second), "c,d");
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
    assert.equal(second.metadata.remainingItemCount, 1);
    const third = await list(transport, { limit: 2, continue: second.metadata.continue ?? "" });
    assert.equal(names(third), "e");
    assert.equal(third.metadata.continue, undefined);
    assert.equal(third.metadata.remainingItemCount, undefined);
  });

  it("counts no remaining items when selectors choose", async (t) => {
    const { transport } = await start(t);
    const first = await list(transport, { limit: 2, labelSelector: "even=yes" });
    assert.equal(names(first), "a,c");
    assert.equal(first.metadata.remainingItemCount, undefined);
    const rest = await list(transport, {
      limit: 2,
      labelSelector: "even=yes",
      continue: first.metadata.continue ?? "",
    });
    assert.equal(names(rest), "e");
  });

  it("answers a compacted snapshot with 410 and a token that goes on with what there is now", async (t) => {
    const { transport, store } = await start(t);
    const first = await list(transport, { limit: 2 });
    await create(transport, "f");
    await store.compact(store.revision);
    let token = "";
    await assert.rejects(list(transport, { limit: 2, continue: first.metadata.continue ?? "" }), (err: unknown) => {
      assert.ok(err instanceof ApiError);
      assert.equal(err.code, 410);
      assert.equal(err.reason, "Expired");
      assert.match(err.message, /^The provided continue parameter is too old to display a consistent list result\./);
      token = err.toStatus().metadata?.continue ?? "";
      return true;
    });
    const rest = await list(transport, { limit: 2, continue: token });
    assert.equal(names(rest), "c,d");
    assert.equal(names(await list(transport, { continue: rest.metadata.continue ?? "" })), "e,f");
  });

  it("lists the state that resourceVersion and resourceVersionMatch name", async (t) => {
    const { transport, store } = await start(t);
    const then = (await list(transport)).metadata.resourceVersion ?? "";
    await create(transport, "f");
    const now = (await list(transport)).metadata.resourceVersion ?? "";
    const exact = await list(transport, { resourceVersion: then, resourceVersionMatch: "Exact" });
    assert.equal(names(exact), "a,b,c,d,e");
    assert.equal(exact.metadata.resourceVersion, then);
    const atLeast = await list(transport, { resourceVersion: then, resourceVersionMatch: "NotOlderThan" });
    assert.equal(names(atLeast), "a,b,c,d,e,f");
    assert.equal(atLeast.metadata.resourceVersion, now);
    assert.equal(names(await list(transport, { resourceVersion: then })), "a,b,c,d,e,f");
    assert.equal(names(await list(transport, { resourceVersion: "0" })), "a,b,c,d,e,f");
    assert.equal(names(await list(transport, { resourceVersion: then, limit: 10 })), "a,b,c,d,e");
    await store.compact(store.revision);
    await assert.rejects(
      list(transport, { resourceVersion: then, resourceVersionMatch: "Exact" }),
      refusal(410, "The resourceVersion for the provided list is too old."),
    );
  });

  it("answers a revision that is not there yet with 504 and its cause", async (t) => {
    const { transport, store } = await start(t, { waits: { revisionMs: 50 } });
    await assert.rejects(list(transport, { resourceVersion: "1000" }), (err: unknown) => {
      assert.ok(err instanceof ApiError);
      assert.equal(err.code, 504);
      assert.equal(err.message, `Timeout: Too large resource version: 1000, current: ${store.revision}`);
      assert.deepEqual(err.details, {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      });
      return true;
    });
  });

  it("refuses options that do not go together in upstream's words", async (t) => {
    const { transport } = await start(t);
    const of = (why: string): string => `ListOptions.meta.k8s.io "" is invalid: ${why}`;
    const cases: [Record<string, string>, number, string | RegExp][] = [
      [
        { resourceVersionMatch: "Exact" },
        422,
        of("resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"),
      ],
      [
        { resourceVersionMatch: "Exact", resourceVersion: "0" },
        422,
        of('resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
      ],
      [
        { resourceVersionMatch: "Some", resourceVersion: "1" },
        422,
        /resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan"/,
      ],
      [{ sendInitialEvents: "true" }, 422, of("sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list")],
      [
        { resourceVersion: "abc" },
        400,
        'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
      ],
      [{ limit: "x" }, 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
      [
        { continue: encodeContinue({ revision: 1, start: "default/a" }), resourceVersion: "5" },
        400,
        "specifying resource version is not allowed when using continue",
      ],
      [
        { continue: "!" },
        400,
        "invalid continue token: continue key is not valid: illegal base64 data at input byte 0",
      ],
      [
        { continue: encodeContinue({ revision: 1, start: "../secrets/a" }) },
        400,
        /^invalid continue token: continue key is not valid: \.\.\/secrets\/a/,
      ],
      [
        { continue: Buffer.from('{"v":"v9","rv":1,"start":"a"}').toString("base64url") },
        400,
        'invalid continue token: continue key is not valid: server does not recognize this encoded version "v9"',
      ],
      [
        { continue: encodeContinue({ revision: 0, start: "a" }) },
        400,
        "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
      ],
      [
        { continue: encodeContinue({ revision: 99_999, start: "default/a" }) },
        504,
        /Too large resource version: 99999/,
      ],
      [{ labelSelector: "a in" }, 400, /^unable to parse requirement: /],
      [{ labelSelector: "a=b," }, 400, /./],
      [{ fieldSelector: "spec" }, 400, "invalid selector: 'spec'; can't understand 'spec'"],
      [
        { fieldSelector: "spec.a=b" },
        400,
        '"spec.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
      ],
    ];
    for (const [query, code, message] of cases)
      await assert.rejects(list(transport, query), refusal(code, message), JSON.stringify(query));
    await assert.rejects(
      list(transport, { fieldSelector: "spec.a=b" }, "/api/v1/pods"),
      refusal(400, "field label not supported: spec.a"),
    );
  });

  it("selects by every operator of labels and fields", async (t) => {
    const { transport } = await start(t);
    const cases: [Record<string, string>, string][] = [
      [{ labelSelector: "even" }, "a,c,e"],
      [{ labelSelector: "!even" }, "b,d"],
      [{ labelSelector: "even in (yes,no)" }, "a,c,e"],
      [{ labelSelector: "even notin (yes)" }, "b,d"],
      [{ labelSelector: "even!=yes" }, "b,d"],
      [{ labelSelector: "even==yes" }, "a,c,e"],
      [{ fieldSelector: "metadata.name=b" }, "b"],
      [{ fieldSelector: "metadata.name!=b" }, "a,c,d,e"],
      [{ fieldSelector: "metadata.namespace=default,metadata.name==c" }, "c"],
      [{ fieldSelector: "metadata.name=nobody" }, ""],
    ];
    for (const [query, wanted] of cases)
      assert.equal(names(await list(transport, query)), wanted, JSON.stringify(query));
  });

  it("pages through all namespaces in key order, from memory and from history", async (t) => {
    const { transport } = await startTestServer(t);
    const all = "/api/v1/configmaps";
    for (const namespace of ["b", "a-b", "a"])
      for (const name of ["y", "x", "z"])
        await transport.request({
          method: "POST",
          path: `/api/v1/namespaces/${namespace}/configmaps`,
          body: { metadata: { name, labels: { keep: name === "y" ? "no" : "yes" } } },
        });
    const keys = async (query: Record<string, string | number>, betweenPages: () => Promise<unknown>) => {
      const out: string[] = [];
      const counts: (number | undefined)[] = [];
      for (let token = ""; ; ) {
        const page = await list(transport, { ...query, limit: 4, ...(token === "" ? {} : { continue: token }) }, all);
        out.push(...page.items.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`));
        counts.push(page.metadata.remainingItemCount);
        token = page.metadata.continue ?? "";
        if (token === "") return { out, counts };
        await betweenPages();
      }
    };
    const wanted = ["a-b/x", "a-b/y", "a-b/z", "a/x", "a/y", "a/z", "b/x", "b/y", "b/z"];
    const still = await keys({}, async () => {});
    assert.deepEqual(still, { out: wanted, counts: [5, 1, undefined] });
    let written = 0;
    const write = () => create(transport, `later-${written++}`);
    assert.deepEqual(await keys({}, write), { out: wanted, counts: [5, 1, undefined] });
    const kept = wanted.filter((each) => !each.endsWith("y"));
    const selected = await keys({ labelSelector: "keep=yes" }, write);
    assert.deepEqual(selected, { out: kept, counts: [undefined, undefined] });
  });
});
