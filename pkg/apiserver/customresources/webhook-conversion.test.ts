import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { until } from "#pkg/async/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Transport } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";
import { startTestWebhook, type TestWebhook, type WebhookAnswer } from "../webhook/testing.ts";
import { CRDS, crdOf, establish, versionOf } from "./testing.ts";

type HostPort = KubeObject & { spec: { hostPort?: string; host?: string; port?: string } };

const path = (version: string, name = ""): string =>
  `/apis/stable.example.com/${version}/namespaces/default/endpoints${name === "" ? "" : `/${name}`}`;

/** v1 says "host:port" in one field, v2 in two. */
function converted(object: HostPort, apiVersion: string): object {
  const { host, port, hostPort } = object.spec;
  const [h = "", p = ""] = (hostPort ?? "").split(":");
  const spec = apiVersion.endsWith("/v2") ? { host: h, port: p } : { hostPort: `${host ?? ""}:${port ?? ""}` };
  return { ...object, apiVersion, spec };
}

interface Response {
  readonly uid: string;
  readonly result: object;
  readonly convertedObjects: readonly KubeObject[];
}

interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: HostPort[] };
}

const answerOf = ({ apiVersion, kind, request }: Review): { kind: string; apiVersion: string; response: Response } => ({
  kind,
  apiVersion,
  response: {
    uid: request.uid,
    result: { status: "Success" },
    convertedObjects: request.objects.map((each) => converted(each, request.desiredAPIVersion) as KubeObject),
  },
});

async function start(
  t: TestContext,
  answer: WebhookAnswer = answerOf,
): Promise<{ transport: Transport; webhook: TestWebhook }> {
  const webhook = await startTestWebhook(t, answer);
  const { transport } = await startTestServer(t);
  await establish(
    transport,
    crdOf("endpoints", "Endpoint", {
      versions: [versionOf("v1", { storage: true }), versionOf("v2")],
      conversion: {
        strategy: "Webhook",
        webhook: { clientConfig: webhook.clientConfig("/convert"), conversionReviewVersions: ["v1", "v1beta1"] },
      },
    }),
  );
  return { transport, webhook };
}

const create = (transport: Transport, version: string, name: string, spec: object): Promise<unknown> =>
  transport.request({ method: "POST", path: path(version), body: { metadata: { name }, spec } });

const read = async (transport: Transport, version: string, name: string): Promise<HostPort> =>
  (await transport.request({ method: "GET", path: path(version, name) })) as HostPort;

describe("webhookConversion", { concurrency: true }, () => {
  it("converts what is written and read in another version than the stored one, and nothing else", async (t) => {
    const { transport, webhook } = await start(t);
    await create(transport, "v1", "one", { hostPort: "a:1" });
    assert.deepEqual((await read(transport, "v1", "one")).spec, { hostPort: "a:1" });
    assert.equal(webhook.requests.length, 0);
    assert.deepEqual((await read(transport, "v2", "one")).spec, { host: "a", port: "1" });
    const { body, url } = webhook.requests[0] as { url: string; body: Review };
    assert.equal(url, "/convert?timeout=30s");
    assert.equal(body.apiVersion, "apiextensions.k8s.io/v1");
    assert.equal(body.request.desiredAPIVersion, "stable.example.com/v2");
    await create(transport, "v2", "two", { host: "b", port: "2" });
    assert.deepEqual((await read(transport, "v1", "two")).spec, { hostPort: "b:2" });
    const patched = (await transport.request({
      method: "PATCH",
      path: path("v2", "two"),
      contentType: "application/merge-patch+json",
      body: { spec: { port: "3" } },
    })) as HostPort;
    assert.deepEqual(patched.spec, { host: "b", port: "3" });
    assert.deepEqual((await read(transport, "v1", "two")).spec, { hostPort: "b:3" });
    assert.equal(patched.metadata.generation, 2);
  });

  it("converts a list in one review and keeps what was converted", async (t) => {
    const { transport, webhook } = await start(t);
    for (const name of ["a", "b", "c"]) await create(transport, "v1", name, { hostPort: `${name}:1` });
    for (let i = 0; i < 2; i++) {
      const { items } = (await transport.request({ method: "GET", path: path("v2") })) as { items: HostPort[] };
      assert.deepEqual(
        items.map((each) => each.spec.host),
        ["a", "b", "c"],
      );
    }
    assert.deepEqual(
      webhook.requests.map(({ body }) => (body as Review).request.objects.length),
      [3],
    );
  });

  it("delivers a watch's events converted and in order, however long each takes", async (t) => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { transport, webhook } = await start(t, async (review: Review) => {
      if (review.request.objects[0]?.metadata.name === "slow") await held;
      return answerOf(review);
    });
    await create(transport, "v1", "first", { hostPort: "f:1" });
    const seen: string[] = [];
    const done = new AbortController();
    const watching = (async () => {
      const events = transport.watch({ method: "GET", path: path("v2"), signal: done.signal });
      for await (const { type, object } of events) seen.push(`${type} ${(object as HostPort).spec.host}`);
    })();
    await until(() => seen.length === 1, { timeoutMs: 15_000, intervalMs: 5 });
    await create(transport, "v1", "slow", { hostPort: "s:1" });
    await create(transport, "v1", "last", { hostPort: "l:1" });
    await transport.request({ method: "DELETE", path: path("v1", "first") });
    await until(() => webhook.requests.length >= 3, { timeoutMs: 15_000, intervalMs: 5 });
    assert.deepEqual(seen, ["ADDED f"]);
    release();
    await until(() => seen.length === 4, { timeoutMs: 15_000, intervalMs: 5 });
    assert.deepEqual(seen, ["ADDED f", "ADDED s", "ADDED l", "DELETED f"]);
    done.abort();
    await watching;
  });

  it("says what is wrong with an answer as upstream does", async (t) => {
    let answer: WebhookAnswer = answerOf;
    const { transport } = await start(t, (body, url, exchange) => answer(body, url, exchange));
    await create(transport, "v1", "one", { hostPort: "a:1" });
    const what = "conversion webhook for stable.example.com/v1, Kind=Endpoint";
    const cases: [WebhookAnswer, string | RegExp][] = [
      [
        (r) => ({ ...answerOf(r), kind: "Other" }),
        / failed: expected webhook response of .*Kind=ConversionReview, got .*Kind=Other$/,
      ],
      [(r) => ({ ...answerOf(r), response: undefined }), `${what} failed: no response provided`],
      [
        (r) => ({ ...answerOf(r), response: { result: { status: "Failure", message: "no way" } } }),
        / failed: expected response\.uid=".*", got ""$/,
      ],
      [
        (r) => ({ ...answerOf(r), response: { uid: r.request.uid, result: { status: "Failure", message: "no way" } } }),
        `${what} failed: no way`,
      ],
      [
        (r) => ({ ...answerOf(r), response: { ...answerOf(r).response, convertedObjects: [] } }),
        `${what} returned 0 objects, expected 1`,
      ],
      [
        (r) => changedBy(r, (object) => ({ ...object, apiVersion: "stable.example.com/v3" })),
        `${what} returned invalid converted object: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v3)`,
      ],
      [
        (r) => changedBy(r, (object) => ({ ...object, metadata: { ...object.metadata, name: "x" } })),
        `${what} returned invalid converted object: must have the same name: one != x`,
      ],
      [
        (_r, _url, { response }) => {
          response.statusCode = 500;
          response.end("broken");
          return undefined;
        },
        /^conversion webhook for .* failed: an error on the server \("broken"\)/,
      ],
    ];
    for (const [given, message] of cases) {
      answer = given;
      await assert.rejects(read(transport, "v2", "one"), (err: unknown) => {
        assert.ok(err instanceof ApiError);
        assert.equal(err.code, 500);
        if (typeof message === "string") assert.equal(err.message, message);
        else assert.match(err.message, message);
        return true;
      });
    }
  });

  it("lets a webhook change labels and annotations and no other metadata", async (t) => {
    const { transport } = await start(t, (review: Review) =>
      changedBy(review, (object) => ({
        ...object,
        metadata: { ...object.metadata, labels: { a: "b" }, finalizers: ["x"], generation: 7 },
      })),
    );
    await create(transport, "v1", "one", { hostPort: "a:1" });
    const { metadata } = await read(transport, "v2", "one");
    assert.deepEqual(metadata.labels, { a: "b" });
    assert.equal(metadata.finalizers, undefined);
    assert.equal(metadata.generation, 1);
  });

  it("lets the CRD go when its webhook is dead", async (t) => {
    const { transport } = await start(t, () => {
      throw new Error("never asked");
    });
    await create(transport, "v1", "one", { hostPort: "a:1" });
    await transport.request({ method: "DELETE", path: `${CRDS}/endpoints.stable.example.com` });
    await until(
      () =>
        transport.request({ method: "GET", path: `${CRDS}/endpoints.stable.example.com` }).then(
          () => false,
          () => true,
        ),
      { timeoutMs: 15_000, intervalMs: 5 },
    );
  });
});

function changedBy(review: Review, change: (object: KubeObject) => object): object {
  const answer = answerOf(review);
  return {
    ...answer,
    response: { ...answer.response, convertedObjects: answer.response.convertedObjects.map(change) },
  };
}
