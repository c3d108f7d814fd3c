import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient } from "#pkg/client/index.ts";
import { ScriptedTransport } from "#pkg/client/testing.ts";
import { serviceUnavailable } from "#pkg/errors/index.ts";
import { testPod } from "./testing.ts";
import { TokenManager } from "./token-manager.ts";

describe("TokenManager", () => {
  let now = 0;
  let isUp = true;
  const transport = new ScriptedTransport(() => {
    if (!isUp) throw serviceUnavailable("down");
    const expirationTimestamp = new Date(now + 1_000_000).toISOString();
    return { status: { token: `token-${transport.requests.length}`, expirationTimestamp } };
  });
  const tokens = new TokenManager({ client: createClient(transport), now: () => now });
  const get = (): Promise<string> => tokens.token(testPod(), { audience: "", expirationSeconds: 3607 });

  it("asks once for callers at the same time, and keeps the token for 80 % of its life", async () => {
    assert.deepEqual(await Promise.all([get(), get()]), ["token-1", "token-1"]);
    now = 799_999;
    assert.equal(await get(), "token-1");
    now = 800_000;
    assert.equal(await get(), "token-2");
    assert.equal(transport.requests[0]?.path, "/api/v1/namespaces/ns/serviceaccounts/default/token");
  });

  it("goes on with the old one while it is valid and the API is down", async () => {
    now = 1_700_000;
    isUp = false;
    assert.equal(await get(), "token-2");
    now = 1_800_001;
    await assert.rejects(get(), /down/);
  });
});
