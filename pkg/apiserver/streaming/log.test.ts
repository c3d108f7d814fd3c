import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import { before, describe, it } from "node:test";
import { nodeAt, podNamed, startFront, startKubelet, testCertificates } from "./testing.ts";

describe("pods/log", () => {
  let tls: Awaited<ReturnType<typeof testCertificates>>;
  before(async () => {
    tls = await testCertificates();
  });
  const get = async (port: number, path: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/d/pods/${path}`);
    return { status: response.status, text: await response.text() };
  };

  it("hands the kubelet's bytes on, with the options that it knows", async (t) => {
    const kubelet = await startKubelet(t, tls.server, (_request, response) => void response.end("one\ntwo\n"));
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    const path = "p/log?follow=true&previous=false&tailLines=5&sinceSeconds=3&limitBytes=9&timestamps=1&pretty=true";
    assert.deepEqual(await get(front, path), { status: 200, text: "one\ntwo\n" });
    assert.deepEqual(kubelet.seen, [
      "GET /containerLogs/d/p/c?follow=true&timestamps=true&sinceSeconds=3&tailLines=5&limitBytes=9",
    ]);
  });

  it("streams as lines come and lets the kubelet know when the caller leaves", async (t) => {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const kubelet = await startKubelet(t, tls.server, (_request, response) => {
      response.write("first\n");
      response.once("close", leave);
    });
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    const request = http.get(`http://127.0.0.1:${front}/api/v1/namespaces/d/pods/p/log?follow=1`);
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const [chunk] = await once(response, "data");
    assert.equal(String(chunk), "first\n");
    request.destroy();
    await left;
  });

  it("names the containers to choose from, and refuses unknown ones and bad numbers", async (t) => {
    const init = podNamed("i", ["a", "b"], { initContainers: [{ name: "x" }] });
    const front = await startFront(t, [nodeAt(1), podNamed("p", ["a", "b"]), init], tls.client);
    const message = async (path: string): Promise<unknown> => {
      const { status, text } = await get(front, path);
      return [status, (JSON.parse(text) as { message: string }).message];
    };
    assert.deepEqual(await message("p/log"), [
      400,
      "a container name must be specified for pod p, choose one of: [a b]",
    ]);
    assert.deepEqual(await message("i/log"), [
      400,
      "a container name must be specified for pod i, choose one of: [a b] or one of the init containers: [x]",
    ]);
    assert.deepEqual(await message("p/log?container=z"), [400, "container z is not valid for pod p"]);
    assert.deepEqual(await message("nope/log"), [404, 'pods "nope" not found']);
    assert.deepEqual(await message("p/log?tailLines=x"), [400, 'strconv.ParseInt: parsing "x": invalid syntax']);
    assert.equal((await get(front, "p/log?container=a&tailLines=-1")).status, 422);
  });

  it("says which kubelet cannot be reached", async (t) => {
    const front = await startFront(t, [nodeAt(1), podNamed("p", ["c"])], tls.client);
    const { status, text } = await get(front, "p/log");
    assert.equal(status, 500);
    assert.equal(
      (JSON.parse(text) as { message: string }).message,
      'Get "https://127.0.0.1:1/containerLogs/d/p/c": dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });

  it("is empty while the pod has no node", async (t) => {
    const front = await startFront(t, [podNamed("p", ["c"], { nodeName: "" })], tls.client);
    assert.deepEqual(await get(front, "p/log"), { status: 200, text: "" });
  });
});
