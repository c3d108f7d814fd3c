import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { healthRoute } from "./health.ts";
import { requestInfoOf } from "./request-info.ts";
import type { RequestContext } from "./types.ts";

describe("healthRoute", () => {
  const route = healthRoute({
    etcd: () => true,
    "poststarthook/start": () => Promise.reject(new Error("not yet")),
  });
  async function ask(url: string): Promise<string> {
    const { pathname: path, searchParams: query } = new URL(url, "http://server");
    const info = requestInfoOf("GET", path, query);
    assert.ok(route.matches(info));
    const reply = await route.handle?.({ info, method: "GET", query } as RequestContext);
    return reply?.kind === "bytes" ? `${reply.status} ${String(reply.body)}` : "";
  }

  it("reports all checks, one alone, and all but some", async () => {
    const failed = "[-]poststarthook/start failed: reason withheld\n";
    assert.equal(await ask("/readyz"), `500 [+]ping ok\n[+]etcd ok\n${failed}readyz check failed\n`);
    assert.equal(await ask("/readyz/etcd"), "200 ok");
    assert.equal(await ask("/livez/poststarthook/start"), "500 internal server error: poststarthook/start failed\n");
    assert.equal(await ask("/livez/__proto__"), "404 404 page not found\n");
    const without = "exclude=poststarthook/start";
    assert.equal(await ask(`/healthz?${without}`), "200 ok");
    const warning = 'warn: some health checks cannot be excluded: no matches for "nothing"\n';
    assert.equal(
      await ask(`/livez?verbose&exclude=nothing&${without}`),
      `200 [+]ping ok\n[+]etcd ok\n[+]poststarthook/start excluded: ok\n${warning}livez check passed\n`,
    );
  });
});
